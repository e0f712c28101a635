local test = ...
local cache = require("verify-jwt.cache")
local clock = require("verify-jwt.clock")
local fast_path = require("verify-jwt.fast_path")
local lease = require("verify-jwt.lease")
local memory = require("verify-jwt.memory")
local packed = require("verify-jwt.packed")
local verdict = require("verify-jwt.verdict")

local NOW, TIME = 1700000000, 5000
local TEXT = "Bearer known"

--- A look-up under a lease of 4 seconds, or by `ttl`, with TEXT in the cache
-- for 60 seconds; `state` moves the clocks.
local function create(options)
  options = options or {}
  local state = { wall = NOW, time = TIME }
  local time = clock.create(function()
    return { sec = state.time // 1 | 0, usec = state.time % 1 * 1e6 // 1 | 0 }
  end, function() return state.wall end)
  function state.move(wall, monotonic)
    state.wall, state.time = NOW + wall, TIME + monotonic
    time.tick()
  end
  state.move(0, 0)
  local trust = lease.create(false)
  trust.renew(4, TIME, NOW)
  local known = cache.create({ entries = 100, refusals = 10, bytes = 1e6 })
  local counts = { hits = 0 }
  local recall = options.ttl and memory.by_time(time, options.ttl)
    or memory.by_lease(time, trust, options.lease_ttl or 60,
      function() return "me" end, error)
  local entry = verdict.refusal(options.reason or "ok", false)
  entry[verdict.BODY], entry[verdict.GENERATION] = "{}", "stateless"
  entry[verdict.SEQ], entry[verdict.TAGS] = 7, { "t", "u" }
  entry[verdict.FINAL] = options.reason ~= nil
  entry[verdict.HEADER] = options.header or false
  if options.ends then entry[verdict.UNTIL] = NOW + options.ends end
  known.put(TEXT, entry, options.ttl or 60, NOW, TIME)
  state.cache, state.counts, state.lease = known, counts, trust
  return fast_path.create({
    settings = options.settings or {}, cache = known, memory = recall,
    packer = packed.create({}), clock = time, counts = counts,
  }), state
end

local function is_found(look_up, text)
  -- Not nil: a converter that returns nil makes a `false` that is there.
  return select("#", look_up(text or TEXT)) == 1
end

test("finds what is known, and counts it", function()
  local look_up, state = create()
  assert(look_up(TEXT) == "s1{}" and look_up(TEXT) == "s1{}")
  assert(state.counts.hits == 2)
end)

test("returns no value for what is not known", function()
  local look_up, state = create()
  assert(select("#", look_up("Bearer other")) == 0)
  assert(state.counts.hits == 0)
end)

test("finds what the younger generation does not hold", function()
  local look_up, state = create()
  for n = 1, 50 do
    local entry = verdict.refusal("ok", false)
    entry[verdict.BODY], entry[verdict.GENERATION] = "{}", "stateless"
    state.cache.put("Bearer " .. n, entry, 60, NOW, TIME)
  end
  assert(not state.cache.good.young[TEXT])
  assert(is_found(look_up) and state.cache.good.young[TEXT])
end)

-- A row is what ends it, and how.
local ENDS = {
  { "the lease by HAProxy's clock", function(s) s.move(0, 3.95) end },
  { "the lease by the wall clock", function(s) s.move(3, 0) end },
  { "the lease after a pause", function(s) s.wall = NOW + 3 end },
  { "the ticker's silence", function(s)
    s.lease.renew(100, TIME, NOW)
    s.wall = NOW + 3
  end },
  { "a dropped lease", function(s) s.lease.drop() end },
  { "a change of its first subject", function(s)
    s.cache.change({ "t" }, 8)
  end },
  { "a change of its second subject", function(s)
    s.cache.change({ "u" }, 8)
  end },
  { "an emptied cache", function(s) s.cache.clear() end },
  { "its time to live by HAProxy's clock", function(s)
    s.lease.renew(100, TIME, NOW)
    s.move(0, 59.95)
  end },
  { "its time to live by the wall clock", function(s)
    s.lease.renew(100, TIME, NOW)
    s.move(60, 0)
  end },
}
for _, row in ipairs(ENDS) do
  test("finds nothing after " .. row[1], function()
    local look_up, state = create()
    assert(is_found(look_up))
    row[2](state)
    assert(not is_found(look_up))
  end)
end

test("finds nothing that has expired", function()
  local look_up, state = create({ ends = 2 })
  state.move(1, 1)
  assert(is_found(look_up))
  -- No tick has told of it yet.
  state.wall = NOW + 2
  assert(not is_found(look_up))
end)

test("is not disturbed by another's change, nor by one before it", function()
  local look_up, state = create()
  state.cache.change({ "other" }, 9)
  state.cache.change({ "t", "u" }, 7)
  assert(is_found(look_up))
end)

test("leaves to the action what a text cannot hold", function()
  local look_up, state = create({ header = "{}" })
  assert(not is_found(look_up) and state.counts.hits == 0)
end)

test("knows no refusals", function()
  assert(not is_found((create({ reason = "E_TKN_INVALID" }))))
end)

test("counts by time without a lease", function()
  local look_up, state = create({ ttl = 3 })
  assert(is_found(look_up))
  state.move(3, 2)
  assert(not is_found(look_up))
end)

test("finds nothing where nothing may be remembered", function()
  assert(not is_found((create({ lease_ttl = 0 }))))
  local look_up, state = create({ ttl = 0 })
  state.cache.put(TEXT, verdict.refusal("ok", false), 60, NOW, TIME)
  assert(not is_found(look_up))
end)

for _, place in ipairs({ "cookie", "query" }) do
  test("does not look where a " .. place .. " may hold a token", function()
    assert(not is_found((create({ settings = { [place] = "t" } }))))
  end)
end
