local test = ...
local in_flight = require("verify-jwt.in_flight")

local START = 1000
local SERVER = { id = "a" }

--- Questions in flight on a clock that naps move, and something that does it.
local function create()
  local state = { time = START, naps = 0 }
  local flights = in_flight.create(function() return state.time end,
    function(ms)
      state.naps, state.time = state.naps + 1, state.time + ms / 1000
      if state.on_nap then state.on_nap() end
    end)
  local function open(count, moment)
    local sockets = {}
    for i = 1, count do
      local socket = {}
      function socket.close() socket.closed = true end
      flights.note(socket, moment + 0.8, moment)
      sockets[i] = socket
    end
    return sockets
  end
  return flights, state, open
end

test("is full with 512 that count", function()
  local flights, _, open = create()
  local sockets = open(511, START)
  assert(not flights.is_full())
  open(1, START)
  assert(flights.is_full())
  flights.forget(sockets[1])
  flights.forget(sockets[1])
  assert(not flights.is_full())
  open(1, START)
  assert(flights.is_full())
end)

test("waits for its turn no longer than until the deadline", function()
  local flights, state, open = create()
  local sockets = open(512, START)
  assert(not flights.wait_for_turn(START + 0.8))
  assert(state.time >= START + 0.8 and state.time < START + 0.9)
  state.on_nap = function()
    if state.naps > 20 then flights.forget(sockets[1]) end
  end
  assert(flights.wait_for_turn(state.time + 0.8))
end)

test("counts no longer what a later question has overtaken", function()
  local flights, state, open = create()
  open(512, START)
  flights.answered(SERVER, START + 0.2)
  assert(flights.is_full())
  flights.sweep(state.time)
  assert(not flights.is_full())
end)

for _, row in ipairs({
  { "nothing has been answered", nil },
  { "only earlier ones have been answered", START - 1 },
  { "one put at about the same time has been answered", START + 0.09 },
}) do
  test("counts questions while " .. row[1], function()
    local flights, state, open = create()
    open(512, START)
    if row[2] then flights.answered(SERVER, row[2]) end
    state.time = START + 0.5
    flights.sweep(state.time)
    assert(flights.is_full())
  end)
end

test("knows for each server which questions it has overtaken", function()
  local flights = create()
  assert(not flights.is_overtaken(SERVER, START))
  flights.answered(SERVER, START)
  assert(flights.is_overtaken(SERVER, START - 0.01))
  assert(not flights.is_overtaken(SERVER, START))
  assert(not flights.is_overtaken({ id = "b" }, START - 0.01))
  flights.answered(SERVER, START - 1)
  assert(flights.is_overtaken(SERVER, START - 0.01))
end)

test("is full with 4096 that are open, whether they count or not", function()
  local flights, state, open = create()
  local sockets = open(4096, START)
  flights.answered(SERVER, START + 0.2)
  flights.sweep(state.time)
  assert(flights.is_full())
  flights.forget(sockets[1])
  assert(not flights.is_full())
end)

test("ends what is overdue, counted or not", function()
  local flights, state, open = create()
  local first = open(1, START)[1]
  flights.answered(SERVER, START + 0.2)
  flights.sweep(state.time)
  local second = open(512, START + 0.5)
  state.time = START + 0.81
  flights.sweep(state.time)
  assert(first.closed and not second[1].closed and flights.is_full())
  state.time = START + 1.31
  flights.sweep(state.time)
  assert(second[1].closed and second[512].closed and not flights.is_full())
end)

test("gives a socket up that another thread's refuses to close", function()
  local flights, state, open = create()
  for _, socket in ipairs(open(512, START)) do
    function socket.close() error("another thread's") end
  end
  state.time = START + 1
  flights.sweep(state.time)
  assert(flights.is_full())
  state.time = START + 5.81
  flights.sweep(state.time)
  assert(not flights.is_full())
end)
