local test = ...
local cjson = require("cjson")
local fixture = require("feed_fixture")

local ANSWER, with = fixture.ANSWER, fixture.with
local create, always = fixture.create, fixture.always

test("tells who it is, and at first that it has applied nothing", function()
  local news, state = create(always())
  news.poll()
  local headers = state.polls[1]
  assert(headers["Authorization"] == "Bearer secret")
  assert(headers["X-Jwt-Verifier"] == news.id() and #news.id() == 22)
  assert(headers["X-Jwt-Mode"] == "strict")
  assert(headers["X-Jwt-Seq"] == nil and headers["X-Jwt-Epoch"] == nil)
end)

test("declares for how long it goes on without a lease", function()
  local news, state = create(always(), nil, 30)
  news.poll()
  assert(state.polls[1]["X-Jwt-Mode"] == "best-effort:30")
end)

test("gets a lease from when the poll was sent", function()
  local news, state, trust = create(function(_, state)
    state.time = state.time + 1.5
    return cjson.encode(ANSWER)
  end)
  news.poll()
  assert(trust.is_live(state.wall, 5003.8))
  assert(not trust.is_live(state.wall, 5004))
  assert(trust.server == state.candidates[1])
end)

-- HAProxy's clock stands still while the process is stopped with an answer
-- that is there already.
test("gets a lease from when the poll was sent, by the wall clock too",
  function()
    local news, state, trust = create(function(_, state)
      state.wall = state.wall + 2
      return cjson.encode(ANSWER)
    end)
    local sent = state.wall
    news.poll()
    assert(trust.is_live(sent + 2, state.time))
    assert(not trust.is_live(sent + 3, state.time))
  end)

test("reports with the next poll what it has applied", function()
  local news, state = create(always())
  news.poll()
  news.poll()
  assert(state.polls[2]["X-Jwt-Seq"] == "7")
  assert(state.polls[2]["X-Jwt-Epoch"] == "e1")
  assert(state.polls[2]["X-Jwt-Verifier"] == state.polls[1]["X-Jwt-Verifier"])
end)

test("forgets what bears the tags of an answer", function()
  local seq = 7
  local news, state = create(function()
    seq = seq + 1
    return cjson.encode(with({ seq = seq, reset = seq == 8 or "none",
      tags = { "t1", "t2" } }))
  end)
  news.poll()
  local clears = state.clears
  news.poll()
  assert(state.changed[1] == "t1,t29" and state.clears == clears)
end)

local EVERYTHING = {
  { "a reset", { seq = 8 } },
  { "another epoch", { epoch = "e2", seq = 8, reset = "none" } },
  { "another epoch with tags", { epoch = "e2", reset = "none",
    tags = { "t" } } },
  { "an older sequence", { seq = 6, reset = "none" } },
}
for _, row in ipairs(EVERYTHING) do
  test("forgets everything at " .. row[1], function()
    local first = true
    local news, state, trust = create(function()
      local members = first and {} or row[2]
      first = false
      return cjson.encode(with(members))
    end)
    news.poll()
    local clears = state.clears
    news.poll()
    assert(state.clears == clears + 1)
    assert(trust.epoch == (row[2].epoch or "e1"))
  end)
end

test("renews its lease only once all is forgotten", function()
  local news, state, trust = create(function(_, state)
    state.time = state.time + 1
    return cjson.encode(with({ seq = math.floor(state.time), reset = "none",
      tags = { "t" } }))
  end)
  news.poll()
  local before = trust.monotonic_end
  news.poll()
  assert(state.ended_at == before and trust.monotonic_end > before)
end)

test("reads its own keys again when the server's have changed", function()
  local keys = "k1"
  local news, state = create(function()
    return cjson.encode(with({ keys = keys }))
  end)
  news.poll()
  assert(state.keys_changed == 0)
  keys = "k2"
  news.poll()
  news.poll()
  assert(state.keys_changed == 1)
end)

test("waits as long as the server holds a poll, and no longer", function()
  local news, state = create(always())
  news.poll()
  news.poll()
  assert(math.abs(state.deadline - state.time - 1.8) < 1e-6)
end)

local NO_LEASE = {
  { "nothing" , function() return nil end },
  { "503", function() return cjson.encode(ANSWER), 503 end },
  { "HTML", function() return cjson.encode(ANSWER), 200, "text/html" end },
  { "half an answer", function() return cjson.encode(ANSWER):sub(1, 9) end },
  { "no epoch", always({ epoch = "none" }) },
  { "no sequence", always({ seq = "none" }) },
  { "a sequence that is a text", always({ seq = "7" }) },
  { "a sequence with a fraction", always({ seq = 7.5 }) },
  { "no lease", always({ lease = "none" }) },
  { "a lease of nothing", always({ lease = 0 }) },
  { "a lease for an hour", always({ lease = 3600 }) },
  { "no hold", always({ hold = "none" }) },
  { "a hold for an hour", always({ hold = 3600 }) },
  { "reset that is a text", always({ reset = "true" }) },
  { "tags that are a text", always({ tags = "t" }) },
  { "a tag that is a number", always({ tags = { 1 } }) },
  { "tags with names", always({ tags = { a = "t" } }) },
  { "keys that are a list", always({ keys = { "k" } }) },
}
for _, row in ipairs(NO_LEASE) do
  test("gets no lease from " .. row[1], function()
    local news, state, trust = create(row[2])
    news.poll()
    assert(not trust.is_live(state.wall, state.time))
    assert(trust.epoch == nil and #state.naps == 1 and state.naps[1] >= 10)
  end)
end

test("waits longer after each failure, up to a second", function()
  local news, state = create(function() return nil end)
  for _ = 1, 20 do news.poll() end
  for _, ms in ipairs(state.naps) do assert(ms >= 10 and ms <= 1000) end
  assert(state.naps[20] >= 500)
end)

test("waits for its server when there is no other", function()
  local news, state, trust = create(always())
  news.poll()
  local id, server = news.id(), state.candidates[1]
  server.away, state.candidates = true, {}
  news.on_away(server)
  news.poll()
  assert(#state.polls == 1 and news.id() == id and trust.epoch == "e1")
  server.away, state.candidates = false, { server }
  news.poll()
  assert(state.polls[2]["X-Jwt-Seq"] == "7")
end)

test("begins anew with another server", function()
  local first, second = { id = "s1" }, { id = "s2" }
  local news, state, trust = create(always(), { first, second })
  news.poll()
  local id, clears = news.id(), state.clears
  first.away, state.candidates = true, { second }
  news.on_away(first)
  assert(news.id() ~= id and state.clears == clears + 1)
  assert(not trust.is_live(state.wall, state.time) and not trust.server)
  news.poll()
  assert(state.asked == second and trust.server == second)
  assert(state.polls[2]["X-Jwt-Seq"] == nil)
end)

test("turns to another server that comes while its own is away", function()
  local first, second = { id = "s1" }, { id = "s2" }
  local news, state, trust = create(always(), { first })
  news.poll()
  local id = news.id()
  first.away, state.candidates = true, {}
  news.on_away(first)
  news.poll()
  assert(#state.polls == 1 and news.id() == id)
  state.candidates = { second }
  news.poll()
  assert(state.asked == second and trust.server == second)
  assert(news.id() ~= id and state.polls[2]["X-Jwt-Seq"] == nil)
end)

test("turns to its server's new address", function()
  local first, moved = { id = "s1 old" }, { id = "s1 new" }
  local news, state, trust = create(always(), { first })
  news.poll()
  local clears = state.clears
  first.away, state.candidates, state.removed = true, { moved }, first
  news.poll()
  assert(state.asked == moved and trust.server == moved)
  -- The first poll of the new lease forgets once more: it begins there.
  assert(state.clears > clears and state.polls[2]["X-Jwt-Seq"] == nil)
end)

test("does not believe an answer to who it was before", function()
  local news, trust, _
  news, _, trust = create(function()
    news.start_over()
    return cjson.encode(ANSWER)
  end)
  news.poll()
  assert(not trust.is_live(1700000000, 5000) and trust.epoch == nil)
end)

test("says once that the server has another key, and again if it comes back",
  function()
    local status = 401
    local news, state = create(function()
      return status == 401 and "no" or cjson.encode(with({})), status
    end)
    news.poll()
    news.poll()
    assert(#state.log == 1 and state.log[1]:find("JWT_VERIFIER_KEY", 1, true))
    assert(state.log[1]:find("b/s1", 1, true))
    assert(not state.log[1]:find("secret", 1, true))
    status = 200
    news.poll()
    status = 401
    news.poll()
    assert(#state.log == 2)
  end)
