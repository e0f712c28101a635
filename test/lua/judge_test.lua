local test = ...
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

local REASON, DETAIL, SEQ = verdict.REASON, verdict.DETAIL, verdict.SEQ
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

local function ok() return answer(), "e" end

test("asks once, then remembers", function()
  local ask, state = create(ok)
  assert(ask(mint(1))[REASON] == "ok" and ask(mint(1))[REASON] == "ok")
  assert(#state.asked == 1 and state.headers[1] == "X-Jwt-Ttl: 3\r\n")
end)

test("names the key under which a signature holds", function()
  local ask, state = create(ok)
  ask(mint(1))
  assert(state.prints[1] == RING.all[1].thumbprint)
end)

test("sends along by what the request is traced", function()
  local ask, state = create(ok, { trace = "X-Request-Id: a\r\n" })
  ask(mint(1))
  assert(state.headers[1] == "X-Jwt-Ttl: 3\r\nX-Request-Id: a\r\n")
end)

test("leaves to the server what it has no key for", function()
  local ask, state = create(ok)
  assert(ask(mint(1, "b"))[REASON] == "ok")
  assert(state.prints[1] == false)
end)

test("encodes the claims from the token's own text", function()
  local ask = create(ok, { encoding = "base64url" })
  assert(ask(mint(7))[verdict.BODY] == encode('{"n":7}'))
end)

local REFUSED_HERE = {
  { "a bad signature", mint(1, "a", ("x"):rep(32)), "signature" },
  { "no token", "", "missing" }, { "two parts", "a.b", "malformed" },
  { "a token too long", ("x"):rep(301), "too_large" },
  { "a third word", mint(1) .. " x", "malformed" },
  { "another alphabet in the payload", (mint(1):gsub("%.ey", ".e+")),
    "malformed" },
  { "another alphabet in the signature", (mint(1):gsub("%.[^.]*$",
    "." .. ("+"):rep(43) .. "A")), "malformed" },
  { "two tokens", mint(1) .. ", Bearer x", "ambiguous" },
}
for _, row in ipairs(REFUSED_HERE) do
  test("refuses without a question " .. row[1], function()
    local ask, state = create(ok)
    local entry = ask(row[2])
    assert(entry[REASON] == "E_TKN_INVALID" and entry[DETAIL] == row[3])
    assert(#state.asked == 0)
  end)
end

test("does not remember an outage", function()
  local ask, state = create(function() return verdict.unavailable end)
  assert(ask(mint(1)) == verdict.unavailable)
  assert(ask(mint(1)) == verdict.unavailable and #state.asked == 2)
end)

test("remembers nothing with a time to live of 0", function()
  local ask, state = create(ok, { ttl = 0 })
  ask(mint(1))
  ask(mint(1))
  assert(#state.asked == 2)
end)

test("raises no other's question to a verdict when its own fails", function()
  local ask = create(function() error("inside") end)
  local good, problem = pcall(ask, mint(1))
  assert(not good and tostring(problem):find("inside", 1, true))
end)

test("lets one ask for all who bring a token at once", function()
  local ask, state
  local shared = {}
  ask, state = create(function(text)
    if #state.asked == 1 then
      local waiter = coroutine.create(function() shared[1] = ask(text) end)
      state.on_nap = coroutine.yield
      coroutine.resume(waiter)
      state.waiter = waiter
    end
    return answer()
  end)
  local entry = ask(mint(1))
  coroutine.resume(state.waiter)
  assert(#state.asked == 1 and shared[1][REASON] == entry[REASON])
end)

test("asks in the place of an asker that may be gone", function()
  local ask, state
  ask, state = create(function(text)
    if #state.asked == 1 then
      assert(ask(text)[REASON] == "ok" and state.time < 5000.2)
    end
    return answer()
  end)
  assert(ask(mint(1))[REASON] == "ok" and #state.asked == 2)
end)

test("asks once in its place, and lets the others wait for that", function()
  local ask, state
  local shared = {}
  ask, state = create(function(text)
    if #state.asked == 1 then
      state.on_nap = nil
      assert(ask(text)[REASON] == "ok")
    elseif #state.asked == 2 then
      state.on_nap = coroutine.yield
      for i = 1, 3 do
        local waiter = coroutine.create(function() shared[i] = ask(text) end)
        shared[-i] = waiter
        assert(coroutine.resume(waiter))
      end
    end
    return answer()
  end)
  ask(mint(1))
  for i = 1, 3 do
    coroutine.resume(shared[-i])
    assert(shared[i][REASON] == "ok")
  end
  assert(#state.asked == 2)
end)

test("gives up in time on an asker and on who took its place", function()
  local ask, state
  ask, state = create(function(text)
    if #state.asked == 1 then
      coroutine.wrap(ask)(text)
      assert(ask(text) == verdict.unavailable and state.time < 5001)
    elseif #state.asked == 2 then
      -- Never resumed: its client has gone, too.
      coroutine.yield()
    end
    return answer()
  end)
  assert(ask(mint(1))[REASON] == "ok" and #state.asked == 2)
end)

test("counts those out who waited and were ended", function()
  local ask, state
  local start = 5000
  -- HAProxy ends an action by never resuming it.
  local function wait(text) return coroutine.wrap(ask)(text) end
  ask, state = create(function(text)
    state.on_nap = function()
      state.time = start
      coroutine.yield()
    end
    if #state.asked == 1 then
      for _ = 1, 2000 do assert(wait(text) == nil) end
      assert(wait(text) == verdict.unavailable)
      start = start + 0.95
      state.time = start
      state.sweep()
    else
      assert(wait(text) == nil)
    end
    return answer()
  end)
  ask(mint(1))
  ask(mint(2))
  assert(#state.asked == 2)
end)

test("tells who it is under a lease, and remembers for longer", function()
  local ask, state = create(ok, { seq = 1 })
  ask(mint(1))
  assert(state.headers[1] == "X-Jwt-Verifier: me\r\n")
  state.lease.renew(4, 5030, 1700000030)
  state.time, state.wall = 5030, 1700000030
  ask(mint(1))
  assert(#state.asked == 1)
end)

test("asks each time, and remembers nothing, when the lease has run out",
  function()
    local ask, state = create(ok, { seq = 1 })
    ask(mint(1))
    state.time, state.wall = 5004, 1700000004
    ask(mint(1))
    ask(mint(1))
    assert(#state.asked == 3 and state.headers[3] == "X-Jwt-Ttl: 0\r\n")
  end)

test("asks again for an answer older than what is applied", function()
  local seq = 4
  local ask, state = create(function()
    seq = seq + 1
    return answer(seq), "e"
  end, { seq = 6 })
  assert(ask(mint(1))[SEQ] == 6 and #state.asked == 2)
end)

test("gives up on a server that only has old answers", function()
  local ask, state = create(ok, { seq = 6 })
  assert(ask(mint(1)) == verdict.unavailable and #state.asked == 3)
end)

test("does not use an answer that became old on its way", function()
  local ask, state = create(function(_, state, trust)
    if #state.asked == 1 then trust.seq = 9 end
    return answer(#state.asked == 1 and 8 or 9), "e"
  end, { seq = 1 })
  assert(ask(mint(1))[SEQ] == 9 and #state.asked == 2)
end)

test("uses but does not keep an answer from another store", function()
  local ask, state = create(function() return answer(), "e2" end, { seq = 1 })
  assert(ask(mint(1))[REASON] == "ok" and state.epochs == 1)
  assert(#state.asked == 1)
  assert(not state.cache.get("Bearer " .. mint(1), state.wall, state.time))
end)

test("does not use an answer of the store before", function()
  local ask, state = create(function(_, state, trust)
    if #state.asked == 1 then
      trust.epoch, trust.seq = "e2", 1
      return answer(5), "e"
    end
    return answer(1), "e2"
  end, { seq = 1 })
  assert(ask(mint(1))[SEQ] == 1 and #state.asked == 2 and state.epochs == 0)
end)

local NOT_KEPT = {
  { "without a sequence", function() return answer(-1), nil end },
  { "without tags", function()
    local entry = answer()
    entry[verdict.TAGS] = false
    return entry, "e"
  end },
}
for _, row in ipairs(NOT_KEPT) do
  test("does not keep under a lease an answer " .. row[1], function()
    local ask, state = create(row[2], { seq = 1 })
    ask(mint(1))
    assert(not state.cache.get("Bearer " .. mint(1), state.wall, state.time))
  end)
end

local function away_after_one(state)
  if #state.asked == 1 then return answer(), "e" end
  return verdict.unavailable, true
end

test("lets the known live on while nobody can be reached", function()
  local ask, state = create(function(_, s) return away_after_one(s) end,
    { seq = 1, stale = 10 })
  ask(mint(1))
  state.time, state.wall = 5005, 1700000005
  local entry = ask(mint(1))
  assert(entry[REASON] == "ok" and entry[DETAIL] == "stale")
  assert(ask(mint(2)) == verdict.unavailable)
  state.time, state.wall = 5014, 1700000014
  assert(ask(mint(1)) == verdict.unavailable)
end)

test("lets nothing live on in strict mode", function()
  local ask, state = create(function(_, s) return away_after_one(s) end,
    { seq = 1 })
  ask(mint(1))
  state.time, state.wall = 5005, 1700000005
  assert(ask(mint(1)) == verdict.unavailable)
end)

test("lets nothing live on while a server answers that it cannot", function()
  local ask, state = create(function(_, s)
    if #s.asked == 1 then return answer(), "e" end
    return verdict.unavailable, false
  end, { seq = 1, stale = 10 })
  ask(mint(1))
  state.time, state.wall = 5005, 1700000005
  assert(ask(mint(1)) == verdict.unavailable)
end)
