--- Knows the token-servers of the configuration and which of them answer:
-- a circuit breaker for each, closed again by a probe that only a task makes.

local servers = {}

--- "10.0.0.1:4000", "::1:4000" (the last colon parts the port) or a path.
-- @return address, port (nil for a unix socket); nil when there is none yet
function servers.parse_address(text)
  if not text then return nil end
  if text:sub(1, 1) == "/" then return text end
  local address, port = text:match("^([%x.:]+):(%d+)$")
  port = tonumber(port)
  if not port or port == 0 or address == "0.0.0.0" then return nil end
  return address, port
end

--- @param core   HAProxy's; its backends are there after the configuration
--   has been read
-- @param prefix the beginning of the backends' names
function servers.create(core, prefix)
  local list, by_id, turn = {}, {}, 0
  local self = {}

  --- Reads the configuration's servers again: addresses come from DNS, the
  -- run-time API changes them, and newer versions add and remove servers.
  function self.refresh()
    local found, known = {}, {}
    for backend_name, backend in pairs(core.backends) do
      if backend_name:sub(1, #prefix) == prefix then
        for name, object in pairs(backend.servers) do
          local address, port = servers.parse_address(object:get_addr())
          if address then
            local id = ("%s/%s %s %s"):format(
              backend_name, name, address, port or "")
            local server = by_id[id] or {
              id = id, address = address, port = port, away = false,
              label = backend_name .. "/" .. name,
            }
            found[#found + 1], known[id] = server, server
          end
        end
      end
    end
    table.sort(found, function(a, b) return a.id < b.id end)
    list, by_id = found, known
  end

  --- True when some backend has the prefix, with or without servers.
  function self.is_configured()
    for name in pairs(core.backends) do
      if name:sub(1, #prefix) == prefix then return true end
    end
    return false
  end

  --- The servers that are not known to be away, each once, beginning with
  -- another one each time.
  function self.candidates()
    -- The list of this moment: HAProxy may let `refresh` run in between.
    local all, present = list, {}
    local count = #all
    turn = turn % 1000000 + 1
    for i = 1, count do
      local server = all[(turn + i) % count + 1]
      if not server.away then present[#present + 1] = server end
    end
    return present
  end

  --- Whether some other server than this one is not known to be away.
  function self.has_other(server)
    for _, other in ipairs(list) do
      if other ~= server and not other.away then return true end
    end
    return false
  end

  --- Whether a server is, at its address, still one of the configuration's.
  function self.holds(server)
    return by_id[server.id] == server
  end

  --- Those that a probe should try.
  function self.absent()
    local away = {}
    for _, server in ipairs(list) do
      if server.away then away[#away + 1] = server end
    end
    return away
  end

  return self
end

return servers
