local test = ...

local fixture = require("judge_fixture")
local verdict = require("verify-jwt.verdict")

local REASON, SEQ = verdict.REASON, verdict.SEQ
local create, mint, answer = fixture.create, fixture.mint, fixture.answer

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

--- Without a lease: one asks and another waits for its answer; `apply`, and it
-- goes on. How many questions were put, and what it got.
local function wait_untrusted(apply, reply)
  local ask, state
  local waiter, got
  ask, state = create(function(text)
    if #state.asked > 1 then return answer() end
    state.on_nap = coroutine.yield
    waiter = coroutine.wrap(function() got = ask(text) end)
    waiter()
    -- What follows comes before the asker reads its answer.
    apply(state)
    return reply and reply() or answer()
  end)
  ask(mint(1))
  waiter()
  return #state.asked, got
end

test("shares an answer without a lease", function()
  local asked, got = wait_untrusted(function() end)
  assert(asked == 1 and got[REASON] == "ok")
end)

for _, row in ipairs({
  { "HAProxy had been stopped for longer than it is remembered",
    function(state) state.wall = state.wall + 3 end },
  { "the clock was set back", function(state) state.wall = state.wall - 1 end },
  { "the token had ended", function(state) state.wall = state.wall + 1 end,
    function()
      local entry = answer()
      entry[verdict.UNTIL] = 1700000001
      return entry
    end },
}) do
  test("asks again for those who waited when " .. row[1], function()
    local asked, got = wait_untrusted(row[2], row[3])
    assert(asked == 2 and got[REASON] == "ok")
  end)
end

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

--- One asks at sequence 1, and others wait for its answer; then `apply` and
-- whoever waits goes on. How many questions were put, and what they got.
-- @param first_ends Unix seconds at which the first answer's token does
local function wait_through(apply, first_ends)
  local ask, state
  local waiters, got = {}, {}
  ask, state = create(function(text)
    if #state.asked == 1 then
      state.on_nap = coroutine.yield
      for i = 1, 3 do
        waiters[i] = coroutine.wrap(function() got[i] = ask(text) end)
        waiters[i]()
      end
      local entry = answer(1)
      entry[verdict.UNTIL] = first_ends or math.huge
      return entry, "e"
    end
    -- While this one is asked, the others wake.
    if #state.asked == 2 then
      for i = 2, 3 do waiters[i]() end
    end
    return answer(state.lease.seq), "e"
  end, { seq = 1 })
  assert(ask(mint(1))[SEQ] == 1)
  apply(state)
  waiters[1]()
  for i = 2, 3 do if not got[i] then waiters[i]() end end
  return #state.asked, got
end

test("shares an answer under a lease", function()
  local asked, got = wait_through(function() end)
  assert(asked == 1)
  for i = 1, 3 do assert(got[i][SEQ] == 1) end
end)

test("asks again, once for all who waited, what was judged before a change",
  function()
    local asked, got = wait_through(function(state) state.lease.seq = 2 end)
    assert(asked == 2)
    for i = 1, 3 do assert(got[i][SEQ] == 2) end
  end)

test("asks again for those who waited when the token has ended", function()
  local ends = function(state) state.wall = state.wall + 1 end
  local asked = wait_through(ends, 1700000001)
  assert(asked > 1)
  asked = wait_through(ends, 1700000002)
  assert(asked == 1)
end)

test("asks again for those who waited when the lease is over", function()
  local asked = wait_through(function(state) state.lease.drop() end)
  assert(asked == 4)
end)

test("comes to a verdict in time however often it asks", function()
  local ask, state = create(function(_, state)
    state.time = state.time + 0.45
    return answer(1), "e"
  end, { seq = 1 })
  state.lease.seq = 2
  assert(ask(mint(1)) == verdict.unavailable)
  assert(#state.asked == 2 and state.time <= 5000.9 + 1e-9)
end)
