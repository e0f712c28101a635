local test = ...
local clock = require("verify-jwt.clock")

local function create()
  local state = { sec = 100, usec = 500000, wall = 1700000000 }
  return state, clock.create(function() return state end,
    function() return state.wall end)
end

test("reads HAProxy's clock as seconds", function()
  local _, time = create()
  assert(time.now() == 100.5)
end)

test("gives the last tick's time", function()
  local state, time = create()
  time.tick()
  state.sec = 101
  assert(time.coarse(state.wall) == 100.5)
  time.tick()
  assert(time.coarse(state.wall) == 101.5)
end)

test("is later than everything before the first tick", function()
  local state, time = create()
  assert(time.coarse(state.wall) == math.huge)
end)

test("is later than everything when the ticks have stopped", function()
  local state, time = create()
  time.tick()
  assert(time.coarse(state.wall + 2) == 100.5)
  assert(time.coarse(state.wall + 3) == math.huge)
end)

test("knows what a finer wall clock shows, or a little less", function()
  local state, time = create()
  time.tick()
  state.usec = 900000
  time.tick()
  assert(time.wall_at(100.9) == 1700000000.4)
  state.sec, state.usec, state.wall = 101, 20000, 1700000001
  time.tick()
  assert(math.abs(time.wall_at(102.02) - 1700000002) < 1e-6)
end)

test("takes a second less before it has seen one begin", function()
  local state, time = create()
  assert(time.wall_at(100.5) == state.wall - 1)
end)

test("tells when the clock was set back", function()
  local state, time = create()
  assert(not time.tick())
  state.wall = state.wall + 1
  assert(not time.tick())
  state.wall = state.wall - 3600
  assert(time.tick() and not time.tick())
end)
