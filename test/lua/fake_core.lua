--- A core for tests: a clock that moves when told to, and sockets that
-- follow a script. `fake.create()` returns the core, its state and the log.

local fake = { FIRST_BYTES = 384 }

--- A socket of a server: `server(request)` returns the bytes it answers and
-- whether it then closes; nil when it never answers.
local function create_socket(state)
  local socket = { open = true, input = "" }

  function socket:settimeout(seconds)
    assert(seconds > 0 and self.open)
    self.timeout = seconds
  end

  function socket:connect(address, port)
    state.connects = state.connects + 1
    self.server = state.listeners[address .. ":" .. (port or "")]
    if not self.server then return nil, "Can't connect" end
    self.connected = true
    return 1
  end

  function socket:send(text)
    if not self.open or self.stale then return -1 end
    state.requests[#state.requests + 1] = text
    local bytes, closes = self.server(text)
    self.input = self.input .. (bytes or "")
    self.closes = closes
    return #text
  end

  function socket:receive(what)
    if not self.open then return nil, "closed" end
    local text
    if what == "*l" then
      local at = self.input:find("\n", 1, true)
      if at then
        text = self.input:sub(1, at - 1):gsub("\r$", "")
        self.input = self.input:sub(at + 1)
        return text
      end
    elseif #self.input >= what then
      text, self.input = self.input:sub(1, what), self.input:sub(what + 1)
      return text
    end
    if not self.closes then state.time = state.time + self.timeout end
    self.open = false
    text, self.input = self.input, ""
    if text ~= "" then return text end
    return nil, "closed"
  end

  function socket:close()
    if self.open and self.connected then state.closed = state.closed + 1 end
    self.open = false
  end

  state.sockets[#state.sockets + 1] = socket
  return socket
end

function fake.create()
  local state = {
    time = 1000, connects = 0, closed = 0, requests = {}, listeners = {},
    sockets = {}, log = {}, version = "2.6.12",
  }
  local core = { backends = {}, warning = 4 }
  function core.yield() end
  function core.msleep(ms)
    state.time = state.time + ms / 1000
    if state.on_nap then state.on_nap() end
  end
  function core.tcp() return create_socket(state) end
  function core.now()
    return { sec = math.floor(state.time), usec = 0 }
  end
  function core.get_info() return { Version = state.version } end
  function core.log(_, text) state.log[#state.log + 1] = text end
  return core, state
end

--- An HTTP answer, filled up with spaces as the server does.
function fake.answer(body, options)
  options = options or {}
  if not options.is_short then
    body = body .. (" "):rep(fake.FIRST_BYTES - #body)
  end
  return ("HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %s\r\n%s\r\n%s")
    :format(options.status or 200, options.content_type
      or "application/vnd.haproxy-jwt.verdict+json",
      options.length or #body, options.more or "", body)
end

return fake
