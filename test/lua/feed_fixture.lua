--- A feed on a clock that is told when to go on, before a server that answers
-- as it is told.
local cjson = require("cjson")
local feed = require("verify-jwt.feed")
local lease = require("verify-jwt.lease")

local ANSWER = {
  epoch = "e1", seq = 7, lease = 4, hold = 1, reset = true, keys = "k1",
}

local function with(members)
  local copy = {}
  for name, value in pairs(ANSWER) do copy[name] = value end
  for name, value in pairs(members) do
    copy[name] = value
    if value == "none" then copy[name] = nil end
  end
  return copy
end

--- A feed whose server answers what `reply(headers)` returns.
local function create(reply, candidates, stale)
  local state = {
    time = 5000, wall = 1700000000, polls = {}, changed = {}, clears = 0,
    keys_changed = 0, naps = {}, log = {}, totals = { 0, 0, 0 },
    candidates = candidates or { { id = "s1", label = "b/s1" } },
  }
  local trust = lease.create(false)
  local news = feed.create({
    request = function(server, list, deadline)
      local headers = {}
      for _, header in ipairs(list) do headers[header[1]] = header[2] end
      state.polls[#state.polls + 1] = headers
      state.asked, state.deadline = server, deadline
      local body, status, content_type = reply(headers, state)
      if not body then return nil, true end
      return {
        status = status or 200, body = body, content_type = content_type
          or "application/vnd.haproxy-jwt.feed+json",
      }
    end,
    servers = {
      candidates = function() return state.candidates end,
      has_other = function(server)
        for _, other in ipairs(state.candidates) do
          if other ~= server then return true end
        end
        return false
      end,
      holds = function(server) return server ~= state.removed end,
    },
    clock = {
      now = function() return state.time end,
      wall = function() return state.wall end,
      coarse = function() return state.time end,
      wall_at = function() return state.wall end,
    },
    lease = trust,
    cache = {
      clear = function() state.clears = state.clears + 1 end,
      change = function(tags, seq)
        -- Nothing may be trusted on the strength of an answer that has not
        -- been applied yet.
        assert(trust.seq < seq)
        state.ended_at = trust.monotonic_end
        state.changed[#state.changed + 1] = table.concat(tags, ",") .. seq
      end,
    },
    verifier_key = "secret", stale = stale or false,
    name = function() return "n/1/1" end,
    agent = function() return "HAProxy/2.6" end,
    totals = function() return table.unpack(state.totals) end,
    size = function() return 3, 4096 end,
    on_keys = function() state.keys_changed = state.keys_changed + 1 end,
    nap = function(ms) state.naps[#state.naps + 1] = ms end,
    log = function(text) state.log[#state.log + 1] = text end,
  })
  return news, state, trust
end

local function always(members)
  return function() return cjson.encode(with(members or {})) end
end

return { ANSWER = ANSWER, with = with, create = create, always = always }
