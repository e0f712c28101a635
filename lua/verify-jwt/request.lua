--- Reads the token out of a request: header, cookie, query parameter. The
-- rules for each are `extract`'s.

local extract = require("verify-jwt.extract")

local byte, find, match = string.byte, string.find, string.match

local AUTHORIZATION, COMMA = "authorization", 44
local MAX_TRACE_BYTES = 64

local request = {}

--- Where the next Authorization header's name ends in a list of names.
local function find_name(names, from)
  repeat
    local first, last = find(names, AUTHORIZATION, from, true)
    if not first then return nil end
    local before, after = byte(names, first - 1), byte(names, last + 1)
    if (not before or before == COMMA) and (not after or after == COMMA) then
      return last
    end
    -- Another name that holds the word: proxy-authorization.
    from = last
  until false
end

--- Takes the token's parameter out of the URI, so that neither the upstream
-- nor a log sees it.
local function take_query(txn, name)
  local url = txn.f:url() or ""
  local at = find(url, "?", 1, true)
  if not at then return {} end
  local before = url:sub(at + 1)
  local values, rest = extract.from_query(before, name)
  if rest ~= before then
    local query = rest ~= "" and "?" .. rest or ""
    txn.http:req_set_uri(url:sub(1, at - 1) .. query)
  end
  return values
end

local function take_cookies(txn, name)
  local headers = txn.http:req_get_headers().cookie
  if not headers then return {} end
  local parts = { headers[0] }
  for _, value in ipairs(headers) do parts[#parts + 1] = value end
  return extract.from_cookies(table.concat(parts, "; "), name)
end

--- One header's value, if there is one and it has the form.
local function value_of(txn, name, form)
  local value = txn.f:req_fhdr(name)
  return value and #value <= MAX_TRACE_BYTES and match(value, form)
end

--- Header lines by which the token-server's log names the same request as its
-- sender does: x-request-id, and W3C's traceparent. What has another form than
-- those have is not passed on.
function request.trace(txn)
  local id = value_of(txn, "x-request-id", "^[%w_:-]+$")
  local parent = value_of(txn, "traceparent", "^%x%x%-%x+%-%x+%-%x%x$")
  if not id and not parent then return "" end
  return (id and "X-Request-Id: " .. id .. "\r\n" or "")
    .. (parent and "Traceparent: " .. parent .. "\r\n" or "")
end

--- Creates a reader: function(txn, names) -> text, from_header; or nil and
-- the detail of the refusal. `text` is the whole value of the one
-- Authorization header, or the token itself from another place.
-- @param settings { schemes, cookie?, query? }
function request.reader(settings)
  local schemes = settings.schemes
  local cookie, query = settings.cookie, settings.query

  local function authorization(txn, names)
    local at = find_name(names, 1)
    if not at then return nil end
    -- Two of them: HAProxy reads one, the upstream perhaps the other.
    if find_name(names, at) then return nil, "ambiguous" end
    return txn.f:req_fhdr(AUTHORIZATION)
  end

  if not cookie and not query then
    return function(txn, names)
      local value, detail = authorization(txn, names)
      if value then return value, true end
      return nil, detail or "missing"
    end
  end

  return function(txn, names)
    local found = query and take_query(txn, query) or {}
    if cookie then
      for _, value in ipairs(take_cookies(txn, cookie)) do
        found[#found + 1] = value
      end
    end
    local value, detail = authorization(txn, names)
    if detail then return nil, detail end
    if value then
      local text
      text, detail = extract.from_authorization(value, schemes)
      -- A header that is broken counts as a token as well.
      if text or detail then found[#found + 1] = text or false end
    end
    if #found > 1 then return nil, "ambiguous" end
    if found[1] == nil then return nil, "missing" end
    if not found[1] then return nil, detail end
    return found[1], false
  end
end

return request
