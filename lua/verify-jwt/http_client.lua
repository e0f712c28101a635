--- Asks by HAProxy's own HTTP client: slower than `transport`, and slow to
-- fail, but free of the thread that asks. For key sets, and for the feed where
-- all threads share one Lua state.

local MAX_BODY_BYTES = 1024 * 1024

local http_client = {}

local function is_answer(response)
  return type(response) == "table" and type(response.status) == "number"
    and type(response.body) == "string" and #response.body <= MAX_BODY_BYTES
end

--- @param options { url, dst?, headers, timeout_ms }, headers a list of
--   { name, value }
-- @return { status, content_type, body }, or nil
function http_client.get(core, options)
  local headers = {}
  for _, header in ipairs(options.headers) do
    headers[header[1]:lower()] = { header[2] }
  end
  local ok, response = pcall(function()
    return core.httpclient():get({
      url = options.url, dst = options.dst, headers = headers,
      timeout = options.timeout_ms,
    })
  end)
  if not ok or not is_answer(response) then return nil end
  local types = (response.headers or {})["content-type"]
  local content_type = types and types[0] or ""
  return {
    status = response.status, body = response.body,
    content_type = content_type:match("^[^;%s]*"):lower(),
  }
end

--- The same from one of the configuration's servers.
-- @return as transport.request: the answer, or nil and true
function http_client.get_from(core, server, path, headers, timeout_ms)
  local host = server.address
  local dst
  if not server.port then
    host, dst = "localhost", "unix@" .. server.address
  elseif host:find(":", 1, true) then
    host = "[" .. host .. "]:" .. server.port
  else
    host = host .. ":" .. server.port
  end
  local answer = http_client.get(core, {
    url = "http://" .. host .. path, dst = dst, headers = headers,
    timeout_ms = timeout_ms,
  })
  if answer then return answer end
  return nil, true
end

return http_client
