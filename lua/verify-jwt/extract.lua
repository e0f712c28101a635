--- Knows where in a request a token may stand, and that there must be
-- exactly one. A function of texts; `request` reads them from HAProxy.

local find, gsub, lower, match, sub = string.find, string.gsub,
  string.lower, string.match, string.sub

local extract = {}

--- The token of one Authorization header.
-- @return token, nil or nil, detail; nil, nil where the header is none of
--   ours (Basic, say) or has no token
function extract.from_authorization(value, schemes)
  local at = find(value, "[ \t]")
  local scheme = lower(at and sub(value, 1, at - 1) or value)
  local comma = find(value, ",", 1, true)
  if not schemes[scheme] then
    if not comma then return nil end
    -- Two headers that a proxy joined: the next reader may see the second.
    for word in value:gmatch(",%s*([^%s,]+)") do
      if schemes[lower(word)] then return nil, "ambiguous" end
    end
    return nil
  end
  if comma then return nil, "ambiguous" end
  if not at or at == #value then return nil end
  -- One space and one word: with more, two readers may pick two tokens.
  if sub(value, at, at) ~= " "
    or find(value, " ", at + 1, true) or find(value, "\t", at + 1, true) then
    return nil, "malformed"
  end
  return sub(value, at + 1)
end

local function unescape(text)
  return (gsub(gsub(text, "%+", " "), "%%(%x%x)", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

--- Takes a parameter out of a query, all its copies.
-- @param query what follows the `?`
-- @return list of values that are not empty, what is left of the query
function extract.from_query(query, name)
  local values, rest = {}, {}
  for pair in (query .. "&"):gmatch("([^&]*)&") do
    local equals = find(pair, "=", 1, true)
    -- The upstream decodes names, so an escaped one is this one too.
    if unescape(equals and sub(pair, 1, equals - 1) or pair) == name then
      local value = equals and unescape(sub(pair, equals + 1)) or ""
      if value ~= "" then values[#values + 1] = value end
    else
      rest[#rest + 1] = pair
    end
  end
  return values, table.concat(rest, "&")
end

--- Without the blanks around it. A pattern with two repetitions that both take
-- blanks takes time that grows with the square of their number, in one call
-- that HAProxy cannot interrupt: its watchdog then ends the process.
local function trim(text)
  local first = find(text, "%S")
  return first and match(text, "^(.*%S)", first) or ""
end

--- All values of a cookie (RFC 6265 section 5.4's form) but empty ones, by
-- which a site takes it back.
-- @param header the Cookie headers, joined by "; "
function extract.from_cookies(header, name)
  local values = {}
  for pair in (header .. ";"):gmatch("([^;]*);") do
    local equals = find(pair, "=", 1, true)
    if equals and trim(sub(pair, 1, equals - 1)) == name then
      local value = trim(sub(pair, equals + 1))
      value = match(value, '^"(.*)"$') or value
      if value ~= "" then values[#values + 1] = value end
    end
  end
  return values
end

return extract
