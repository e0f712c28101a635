--- A judge on a clock that stands, before a server that answers as it is told.
local cjson = require("cjson")
local hmac = require("openssl.hmac")

local base64url = require("verify-jwt.base64url")
local cache = require("verify-jwt.cache")
local judge = require("verify-jwt.judge")
local keys = require("verify-jwt.keys")
local lease = require("verify-jwt.lease")
local memory = require("verify-jwt.memory")
local packed = require("verify-jwt.packed")
local verdict = require("verify-jwt.verdict")

local SEQ = verdict.SEQ
local encode = base64url.encode
local SECRET = ("s"):rep(32)
local RING = keys.ring({ keys.parse(cjson.encode({
  { kid = "a", secret = SECRET },
})) })

local REQUEST = {}

local function mint(n, kid, secret)
  local input = encode(('{"alg":"HS256","kid":"%s"}'):format(kid or "a"))
    .. "." .. encode(('{"n":%d}'):format(n))
  return input .. "." .. encode(
    hmac.new(secret or SECRET, "sha256"):final(input))
end

local function answer(seq, code, detail)
  local entry = verdict.refusal(code or "ok", detail or false)
  entry[SEQ], entry[verdict.TAGS] = seq or 1, { "t" }
  entry[verdict.BODY], entry[verdict.GENERATION] = "{}", "stateless"
  if detail then entry[verdict.FINAL] = true end
  return entry
end

--- A judge whose server answers what `reply(text, state)` returns; under a
-- lease where `seq` is given.
local function create(reply, options)
  options = options or {}
  local state = {
    time = 5000, wall = 1700000000, asked = {}, headers = {}, prints = {},
    epochs = 0,
  }
  local clock = {
    wall = function() return state.wall end,
    now = function() return state.time end,
    coarse = function() return state.time end,
  }
  local trust = lease.create(options.stale or false)
  local recall
  if options.seq then
    trust.epoch, trust.seq = "e", options.seq
    trust.renew(4, state.time, state.wall)
    recall = memory.by_lease(clock, trust, 60, function() return "me" end,
      function()
        state.epochs = state.epochs + 1
        trust.drop()
      end)
  else
    recall = memory.by_time(clock, options.ttl or 3)
  end
  local known = cache.create({
    entries = 100, refusals = 10, bytes = 1000000,
    stale = options.stale or 0,
  })
  local court = judge.create({
    settings = {
      schemes = { bearer = true }, max_token_bytes = 300,
      body_encoding = options.encoding or "json",
    },
    cache = known, packer = packed.create({}), memory = recall,
    clock = clock, counts = { hits = 0 },
    decode = function(from, text)
      assert(from == REQUEST)
      return base64url.decode(text)
    end,
    trace = function(from)
      assert(from == REQUEST)
      return options.trace or ""
    end,
    ring = function() return options.ring or RING end,
    nap = function(ms)
      state.time = state.time + ms / 1000
      if state.on_nap then state.on_nap() end
    end,
    ask = function(text, header, thumbprint)
      state.asked[#state.asked + 1] = text
      state.headers[#state.headers + 1] = header
      state.prints[#state.prints + 1] = thumbprint or false
      return reply(text, state, trust)
    end,
  })
  state.cache, state.lease, state.sweep = known, trust, court.sweep
  return function(text)
    return court.judge("Bearer " .. text, true, REQUEST)
  end, state
end

return {
  create = create, mint = mint, answer = answer, ring = RING,
  ok = function() return answer(), "e" end,
}
