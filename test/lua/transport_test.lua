local test = ...
local fake = require("fake_core")
local transport = require("verify-jwt.transport")

local SERVER = { id = "a", address = "10.0.0.1", port = 4000 }

local function create(reply, keep_alive, version)
  local core, state = fake.create()
  state.version = version or state.version
  state.listeners["10.0.0.1:4000"] = reply
  local pool = transport.create(core, {
    now = function() return state.time end, keep_alive = keep_alive ~= false,
  })
  local function ask()
    return pool.request(SERVER, "POST / HTTP/1.1\r\n\r\n", state.time + 0.8)
  end
  return ask, state, pool
end

local function ok() return fake.answer("{}") end

test("reads status, type and body", function()
  local answer = create(ok)()
  assert(answer.status == 200 and answer.body:match("^{} *$"))
  assert(answer.content_type == "application/vnd.haproxy-jwt.verdict+json")
end)

test("reads what the first read did not bring", function()
  local long = ("x"):rep(5000)
  assert(create(function() return fake.answer(long) end)().body == long)
end)

test("reads of anything but a 200 the status alone", function()
  local ask, state = create(function()
    return fake.answer("{}", { status = 503 })
  end)
  local answer = ask()
  assert(answer.status == 503 and answer.body == "")
  assert(ask() and state.connects == 2)
end)

test("leaves out a type's parameters", function()
  local answer = create(function()
    return fake.answer("{}", { content_type = "A/b; charset=utf-8" })
  end)()
  assert(answer.content_type == "a/b")
end)

test("keeps a connection for the next question", function()
  local ask, state = create(ok)
  assert(ask() and ask() and ask())
  assert(state.connects == 1)
end)

for _, row in ipairs({
  { "bears its mark", '{"question":1,"valid":"1"}', true },
  { "bears none, as an older server's", '{"valid":"1"}', true },
  { "bears another's", '{"question":2,"valid":"1"}', false },
  { "bears a longer one", '{"question":11,"valid":"1"}', false },
}) do
  test("takes an answer that " .. row[1] .. ": " .. tostring(row[3]), function()
    local _, state, pool = create(function() return fake.answer(row[2]) end)
    local function ask()
      return pool.request(SERVER, "POST / HTTP/1.1\r\n\r\n",
        state.time + 0.8, state.time, '{"question":1,')
    end
    assert((ask() ~= nil) == row[3])
    ask()
    assert((state.connects == 1) == row[3])
  end)
end

test("keeps none where threads share the state", function()
  local ask, state = create(ok, false)
  assert(ask() and ask())
  assert(state.connects == 2 and state.closed == 2)
end)

test("does not trust a connection that was idle for long", function()
  local ask, state, pool = create(ok)
  ask()
  state.time = state.time + 1
  assert(ask() and state.connects == 2)
  pool.sweep()
  assert(state.closed == 1)
end)

test("closes what was idle for too long, and nothing else", function()
  local core, state = fake.create()
  local pool
  local function ask()
    return pool.request(SERVER, "x", state.time + 0.8)
  end
  local depth = 0
  state.listeners["10.0.0.1:4000"] = function()
    depth = depth + 1
    -- Three at a time, put back one after the other.
    if depth < 3 then ask() end
    state.time = state.time + 0.15
    return fake.answer("{}")
  end
  pool = transport.create(core, {
    now = function() return state.time end, keep_alive = true,
  })
  assert(ask() and state.connects == 3)
  pool.sweep()
  assert(state.closed == 0)
  state.time = state.time + 0.2
  pool.sweep()
  assert(state.closed == 1)
  assert(ask() and state.connects == 3)
  state.time = state.time + 1
  pool.sweep()
  assert(state.closed == 3)
end)

test("tries a fresh connection when a kept one turns out closed", function()
  local ask, state = create(ok)
  ask()
  state.sockets[1].stale = true
  assert(ask() and state.connects == 2)
end)

test("tries a fresh connection when a kept one is gone altogether", function()
  local ask, state = create(ok)
  ask()
  state.sockets[1].settimeout = function() error("not yet initialised") end
  assert(ask() and state.connects == 2)
end)

test("tries a fresh connection once, not again", function()
  local ask, state = create(ok)
  ask()
  state.listeners["10.0.0.1:4000"] = function() return nil, true end
  state.sockets[1].stale = true
  local answer, to_blame = ask()
  assert(answer == nil and to_blame and state.connects == 2)
end)

test("does not keep a connection that says it closes", function()
  local ask, state = create(function()
    return fake.answer("{}", { more = "Connection: close\r\n" })
  end)
  assert(ask() and ask() and state.connects == 2)
end)

test("closes as many as it opens, but for the kept", function()
  local ask, state, pool = create(function() return nil, true end)
  for _ = 1, 10 do ask() end
  pool.sweep()
  assert(state.connects == 10)
  for _, socket in ipairs(state.sockets) do assert(not socket.open) end
end)

test("never closes an unopened connection on HAProxy 3", function()
  local ask, state = create(ok, true, "3.0.11-1+deb13u2")
  assert(ask() and ask() and state.connects == 2 and state.closed == 1)
  for _, socket in ipairs(state.sockets) do
    assert(socket.open or socket.connected)
  end
end)

--- As many questions as may be open, each waiting for its answer.
local function fill()
  local core, state = fake.create()
  local pool = transport.create(core, {
    now = function() return state.time end, keep_alive = true,
  })
  local function ask()
    return pool.request(SERVER, "x", state.time + 0.8, state.time, "{}")
  end
  state.listeners["10.0.0.1:4000"] = function()
    if #state.requests <= 512 then coroutine.yield() end
    return fake.answer("{}")
  end
  local askers = {}
  for i = 1, 512 do
    askers[i] = coroutine.wrap(ask)
    askers[i]()
  end
  return ask, state, pool, askers
end

test("refuses a question for which no other has ended in time", function()
  local ask, state = fill()
  local start = state.time
  local answer, to_blame = ask()
  assert(answer == nil and to_blame == false)
  assert(state.time >= start + 0.8 and #state.requests == 512)
end)

test("puts a question once one of too many has ended", function()
  local ask, state, _, askers = fill()
  local naps = 0
  state.on_nap = function()
    naps = naps + 1
    if naps == 2 then assert(askers[7]()) end
  end
  local start = state.time
  assert(ask() and naps == 2 and state.time < start + 0.1)
end)

test("lets the verifier's own requests past the clients'", function()
  local _, state, pool = fill()
  local start = state.time
  assert(pool.get(SERVER, "/feed", {}, start + 0.8) and state.time == start)
end)

test("ends what is overdue", function()
  local core, state = fake.create()
  local pool
  local hanging
  state.listeners["10.0.0.1:4000"] = function()
    hanging = state.sockets[#state.sockets - 1]
    state.time = state.time + 1
    pool.sweep()
    return fake.answer("{}")
  end
  pool = transport.create(core, {
    now = function() return state.time end, keep_alive = true,
  })
  assert(pool.request(SERVER, "x", state.time + 0.8) == nil)
  assert(hanging and not hanging.open)
end)

for _, row in ipairs({
  { "much time, and is silent", 0.5, nil, false, true },
  { "little time, and is silent", 0.4, nil, false, false },
  { "little time, and hangs up", 0.4, nil, true, true },
  { "little time, and says nonsense", 0.4, "nonsense\r\n", true, true },
}) do
  test(("%s a server that had %s"):format(
    row[5] and "blames" or "does not blame", row[1]), function()
    local _, state, pool = create(function() return row[3], row[4] end)
    local answer, to_blame = pool.request(SERVER, "x", state.time + row[2])
    assert(answer == nil and to_blame == row[5])
  end)
end

for _, row in ipairs({
  { "a later question", 0.01, "{}", false },
  { "a question of the same moment", 0, "{}", true },
  { "only the verifier's own later request", 0.01, nil, true },
}) do
  test(("%s a silent server that answers %s"):format(
    row[4] and "blames" or "does not blame", row[1]), function()
    local depth = 0
    local _, state, pool
    local function ask(mark)
      return pool.request(SERVER, "x", state.time + 0.8, state.time, mark)
    end
    _, state, pool = create(function()
      depth = depth + 1
      if depth > 1 then return fake.answer("{}") end
      state.time = state.time + row[2]
      assert(ask(row[3]))
      return nil
    end)
    local answer, to_blame = ask("{}")
    assert(answer == nil and to_blame == row[4])
  end)
end

for _, row in ipairs({ { 0.4, true }, { 4, false } }) do
  test(("%s a server when the deadline is seen %s s late"):format(
    row[2] and "blames" or "does not blame", row[1]), function()
    local ask, state
    ask, state = create(function()
      state.time = state.time + row[1]
      return nil
    end)
    local answer, to_blame = ask()
    assert(answer == nil and to_blame == row[2])
  end)
end

test("blames a server that refuses connections at once", function()
  local _, state, pool = create(ok)
  state.listeners["10.0.0.1:4000"] = nil
  local answer, to_blame = pool.request(SERVER, "x", state.time + 0.1)
  assert(answer == nil and to_blame == true)
end)

local BROKEN = {
  { "nothing, for ever", nil },
  { "nothing, and a close", "", true },
  { "half a status", "HTTP/1", true },
  { "another protocol", "SSH-2.0-x\r\n\r\n", true },
  { "HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}" },
  { "half a head", "HTTP/1.1 200 OK\r\nContent-Le", true },
  { "no length", "HTTP/1.1 200 OK\r\n\r\n{}", true },
  { "two lengths", fake.answer("{}", { more = "Content-Length: 2\r\n" }) },
  { "a negative length", fake.answer("{}", { length = "-2" }) },
  { "a hexadecimal length", fake.answer("{}", { length = "0x2" }) },
  { "a length beyond all", fake.answer("{}", { length = "99999999999" }) },
  { "256 KiB and a byte", fake.answer(("x"):rep(256 * 1024 + 1)) },
  { "a body cut short", fake.answer("{}", { length = "500" }), true },
  { "a body that stops", fake.answer("{}", { length = "500" }) },
  { "more than its length", fake.answer("{}", { length = "20" }) },
  { "less than is promised", fake.answer("{}", { is_short = true }) },
  { "less than is promised, and closes",
    fake.answer("{}", { is_short = true }), true },
  { "chunks", fake.answer("{}", { more = "Transfer-Encoding: chunked\r\n" }) },
  { "a compressed body", fake.answer("{}", {
    more = "Content-Encoding: gzip\r\n" }) },
  { "too many headers", fake.answer("{}", { more = ("a: b\r\n"):rep(70) }) },
  { "a header too long", fake.answer("{}", {
    more = "a: " .. ("b"):rep(5000) .. "\r\n" }) },
}
for _, row in ipairs(BROKEN) do
  test("blames a server that answers " .. row[1], function()
    local ask, state = create(function() return row[2], row[3] end)
    local started = state.time
    local answer, to_blame = ask()
    assert(answer == nil and to_blame == true)
    assert(state.time - started <= 0.81)
  end)
end

test("blames a server that refuses the connection", function()
  local ask = create(nil)
  local answer, to_blame = ask()
  assert(answer == nil and to_blame == true)
end)
