--- Knows HTTP/1.1 over HAProxy's cosockets: one question and its answer
-- within a deadline, and which connections to keep. What is asked and what
-- an answer means is left to `token_server`.
--
-- core.httpclient is not used for judging: it opens a connection for each
-- request, and needs three seconds to notice a refused port.

local in_flight = require("verify-jwt.in_flight")
local remembered = require("verify-jwt.remembered")
local uninterrupted = require("verify-jwt.uninterrupted")

local find, lower, match, sub = string.find, string.lower, string.match,
  string.sub
-- Each is one step for HAProxy, which may take the turn between any two of
-- Lua's: what one coroutine has taken out no other can.
local push, pop = table.insert, table.remove

-- Behind its status line, an answer of status 200 is at least so long: the
-- server fills its bodies up. One read then brings the head and, mostly, the
-- body, where each further one would cost as much as a header written.
local FIRST_BYTES = 384
local MAX_BODY_BYTES = 256 * 1024
local MAX_IDLE = 64
-- A server that had less time than this to answer is not to blame, nor one
-- that has answered a later question: for a token that names an unknown key it
-- asks the issuer first, for 0.4 s, and nobody's token may turn it off for all.
local BLAME_SECONDS = 0.45
-- A socket's own time-out strikes by so much before the deadline; and where it
-- is seen so much later, HAProxy itself had been stopped.
local EARLY_SECONDS, LATE_SECONDS = 0.01, 0.5
-- Below the time-out that a socket keeps from its last exchange, so that
-- HAProxy does not close one just as it is taken out.
local MAX_IDLE_SECONDS = 0.4

-- How a body begins that names its question.
local MARK = '^{"question":'

--- An answer's header lines as { length, content_type, keep_alive }; nil when
-- they are not as our servers write them.
local function read_head(lines)
  local head = "\n" .. lower(lines)
  local _, last, digits =
    find(head, "\ncontent%-length:[ \t]*(%d+)[ \t]*\r\n")
  if not digits or #digits > 9 or find(head, "\ncontent-length", last, true)
    or find(head, "-encoding:", 1, true) then
    return nil
  end
  local length = tonumber(digits)
  if length > MAX_BODY_BYTES then return nil end
  return {
    length = length,
    content_type = match(head, "\ncontent%-type:[ \t]*([^;%s]*)") or "",
    keep_alive = not find(head, "\nconnection:[ \t]*close"),
  }
end

--- A server of an older version begins its answers with none.
local function bears(body, mark)
  return sub(body, 1, #mark) == mark or not find(body, MARK)
end

local transport = {}

--- @param core   HAProxy's
-- @param options { now = function() -> monotonic seconds,
--   keep_alive = false where several threads share one Lua state: a
--   cosocket belongs to the thread that made it }
function transport.create(core, options)
  local now = options.now
  local idle = {}       -- server id -> stack of { socket, since }
  local discarded = {}
  local flights = in_flight.create(now, core.msleep)
  local self = {}

  local function left(deadline, time)
    return math.max(deadline - time, 0.001)
  end

  local function dial(socket, server)
    if server.port then return socket:connect(server.address, server.port) end
    return socket:connect(server.address)
  end

  local can_close
  local function closes_unopened()
    if can_close == nil then
      local version = tonumber(tostring(core.get_info().Version):match("^%d+"))
      can_close = version ~= nil and version < 3
    end
    return can_close
  end

  local function open_and_close()
    core.tcp():close()
  end

  -- HAProxy collects all garbage at the end of a coroutine in which more
  -- connections were opened than closed, or fewer: with a full cache that
  -- stops the thread for tens of milliseconds. So whoever opens one that
  -- outlives it closes another, and only `sweep` closes the rest. HAProxy
  -- 3.0.11 crashes when a connection is closed that was never opened.
  local function balance(server, deadline)
    if not options.keep_alive then return end
    if closes_unopened() then return uninterrupted(open_and_close) end
    local socket = core.tcp()
    socket:settimeout(left(deadline, now()))
    if dial(socket, server) then socket:close() end
  end

  --- Leaves it to `sweep` to close one.
  local function discard(socket)
    if options.keep_alive then push(discarded, socket) else socket:close() end
  end

  --- One connection for one question: two that share one would get each
  -- other's answers.
  local function take_idle(server, time)
    local stack = idle[server.id]
    local top = stack and pop(stack)
    if not top then return nil end
    if time - top.since <= MAX_IDLE_SECONDS then return top.socket end
    -- The rest were put back even earlier.
    repeat
      discard(top.socket)
      top = pop(stack)
    until not top
    return nil
  end

  local function keep(server, socket, time)
    local stack = idle[server.id]
    if not stack then
      stack = {}
      idle[server.id] = stack
    end
    if not options.keep_alive or #stack >= MAX_IDLE then
      return discard(socket)
    end
    push(stack, { socket = socket, since = time })
  end

  local function connect(server, deadline, moment)
    -- HAProxy ends a new socket that its Lua does not use before the turn is
    -- taken from it, so this begins with a whole turn.
    core.yield()
    local socket = core.tcp()
    socket:settimeout(left(deadline, now()))
    flights.note(socket, deadline, moment)
    local connected = dial(socket, server)
    if connected or closes_unopened() then balance(server, deadline) end
    if connected then return socket end
    flights.forget(socket)
    discard(socket)
    return nil
  end

  -- Within a second, answers differ in their heads by their length alone.
  local head_of = remembered.create(read_head, FIRST_BYTES)

  --- Reads what follows a status line of 200; nil when it is longer, shorter
  -- or other than our servers' answers are.
  local function receive_rest(socket)
    local start = socket:receive(FIRST_BYTES)
    if not start or #start ~= FIRST_BYTES then return nil end
    local head_end = find(start, "\r\n\r\n", 1, true)
    local head = head_end and head_of(sub(start, 1, head_end + 1))
    if not head then return nil end
    local length, body = head.length, sub(start, head_end + 4)
    if length < #body then return nil end
    if length > #body then
      local rest = socket:receive(length - #body)
      if not rest or #rest ~= length - #body then return nil end
      body = body .. rest
    end
    return {
      status = 200, body = body, content_type = head.content_type,
      keep_alive = head.keep_alive,
    }
  end

  --- Sends and reads. The second value is true while nothing of an answer
  -- has arrived: then another connection may be tried.
  local function exchange(socket, request)
    if socket:send(request) ~= #request then return nil, true end
    local line = socket:receive("*l")
    if not line then return nil, true end
    local status = match(line, "^HTTP/1%.1 (%d%d%d)")
    if not status then return nil end
    if status == "200" then return receive_rest(socket) end
    return {
      status = tonumber(status), body = "", content_type = "",
      keep_alive = false,
    }
  end

  --- Of a server that gave no answer to a question.
  -- @param moment monotonic seconds of the question, `time` of now
  local function is_to_blame(server, moment, deadline, time)
    if time < deadline - EARLY_SECONDS then return true end
    return deadline - moment >= BLAME_SECONDS
      and time < deadline + LATE_SECONDS
      and not flights.is_overtaken(server, moment)
  end

  --- Puts one request to a server. What outstays the deadline meanwhile is
  -- ended by `sweep`: asking the clock at each step costs more than the step.
  -- @param deadline monotonic seconds; nothing is waited for beyond it
  -- @param moment   monotonic seconds of now, where the caller knows it
  -- @param mark     what the answer's body begins with, if it begins with a
  --   mark at all; another's is not taken
  -- @return { status, content_type, body }, or nil and whether the server
  --   is to blame: false when this side gave it too little time, or when it
  --   is busy with what it was asked
  function self.request(server, request, deadline, moment, mark)
    -- What has no mark is the verifier's own, and few: without it there is no
    -- lease, and all that is known has to be asked again.
    if mark and flights.is_full() then
      if not flights.wait_for_turn(deadline) then return nil, false end
      moment = nil
    end
    moment = moment or now()
    local socket = take_idle(server, moment)
    local reused = socket ~= nil
    -- HAProxy raises for a connection that has ended meanwhile.
    if reused
      and not pcall(socket.settimeout, socket, left(deadline, moment)) then
      discard(socket)
      socket, reused = nil, false
    end
    if reused then flights.note(socket, deadline, moment) end
    for _ = 1, 2 do
      socket = socket or connect(server, deadline, moment)
      if not socket then
        return nil, is_to_blame(server, moment, deadline, now())
      end
      local answer, untouched = exchange(socket, request)
      local time = now()
      flights.forget(socket)
      if answer and mark then flights.answered(server, moment) end
      if answer and mark and not bears(answer.body, mark) then answer = nil end
      if answer and answer.keep_alive then
        keep(server, socket, time)
      else
        discard(socket)
      end
      if answer and time < deadline then return answer end
      if not (reused and untouched) or time >= deadline then
        return nil, is_to_blame(server, moment, deadline, time)
      end
      socket, reused = nil, false
    end
  end

  --- The same for a GET with a list of { name, value }.
  function self.get(server, path, headers, deadline)
    local lines = { "GET " .. path .. " HTTP/1.1" }
    for _, header in ipairs(headers) do
      lines[#lines + 1] = header[1] .. ": " .. header[2]
    end
    return self.request(server, table.concat(lines, "\r\n") .. "\r\n\r\n",
      deadline)
  end

  --- Connections that nobody would take out any more: a process that is to
  -- end waits for them (HAProxy 3.2).
  local function discard_old(time)
    for _, stack in pairs(idle) do
      while stack[1] and time - stack[1].since > MAX_IDLE_SECONDS do
        discard(pop(stack, 1).socket)
      end
    end
  end

  --- Ends what is overdue, and closes what was discarded. To be called all
  -- the time by a task that never ends.
  function self.sweep()
    local time = now()
    local sockets
    uninterrupted(function()
      discard_old(time)
      sockets, discarded = discarded, {}
    end)
    flights.sweep(time)
    for _, socket in ipairs(sockets) do pcall(socket.close, socket) end
  end

  return self
end

return transport
