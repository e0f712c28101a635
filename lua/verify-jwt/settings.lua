--- Knows every setting of HAProxy's side: its name, range and default, and
-- where a secret may also come from. Reads no environment by itself.

local floor = math.floor

local DEFAULT_VERIFIER_KEY_FILE = "/etc/haproxy-jwt/verifier.key"
local SCHEME = "^[A-Za-z0-9!#$%%&'*+.^_`|~-]+$"
local COOKIE_NAME = SCHEME

local settings = {}

local function split(text)
  local items = {}
  for item in text:gmatch("[^,]+") do
    item = item:match("^%s*(.-)%s*$")
    if item ~= "" then items[#items + 1] = item end
  end
  return items
end

local function trim(text)
  return (text:match("^%s*(.-)%s*$"))
end

--- A number of whole units between low and high, both included.
local function integer(low, high)
  return function(text)
    local value = text:match("^%d+$") and tonumber(text)
    if not value or value < low or value > high then
      return nil, ("a whole number from %d to %d"):format(low, high)
    end
    return floor(value)
  end
end

local function list_of(pattern, what)
  return function(text)
    local items = split(text)
    if #items == 0 then return nil, what end
    for _, item in ipairs(items) do
      if not item:find(pattern) then return nil, what end
    end
    return items
  end
end

local function match(pattern, what)
  return function(text)
    if not text:find(pattern) then return nil, what end
    return text
  end
end

local function one_of(...)
  local allowed = { ... }
  return function(text)
    for _, value in ipairs(allowed) do
      if text == value then return value end
    end
    return nil, "one of " .. table.concat(allowed, ", ")
  end
end

local function parse_schemes(text)
  local names, what = list_of(SCHEME, "a comma list of schemes")(text)
  if not names then return nil, what end
  local set = {}
  for _, name in ipairs(names) do set[name:lower()] = true end
  return set
end

local function parse_claim_vars(text)
  if text == "*" then return "*" end
  -- No token has a claim whose name is not UTF-8.
  if not utf8.len(text) then return nil, "UTF-8" end
  return list_of("^[^%c]+$", "a comma list of claims, or *")(text)
end

--- Each character that a variable's name cannot have is one `_`, however many
-- bytes it has in UTF-8: the server names them so.
local function variable_name(claim)
  local first_bytes = claim:gsub("[\x80-\xBF]", "")
  return "txn.tkn.payload." .. (first_bytes:gsub("[^A-Za-z0-9_.]", "_"))
end

--- The variables of JWT_CLAIM_VARS by their whole names, in its order; nil
-- for `*`. Two claims whose names become one are both left out.
function settings.variable_names(claim_vars)
  if claim_vars == "*" then return nil end
  local names, count = {}, {}
  for i, claim in ipairs(claim_vars) do
    names[i] = variable_name(claim)
    count[names[i]] = (count[names[i]] or 0) + 1
  end
  for i = #names, 1, -1 do
    if count[names[i]] > 1 then table.remove(names, i) end
  end
  return names
end

--- `strict` is false, `best-effort:SECONDS` the number of seconds.
local function parse_stale(text)
  if text == "strict" then return false end
  local seconds = text:match("^best%-effort:(%d+)$")
  seconds = seconds and tonumber(seconds)
  if not seconds or seconds < 1 or seconds > 86400 then
    return nil, "strict, or best-effort:SECONDS (1 to 86400)"
  end
  return floor(seconds)
end

local URL = "^https?://[%w.:%[%]_-]+[!-~]*$"

-- One row a setting: the variable, the field, how it is read, the default.
-- A field without a default stays nil.
local TABLE = {
  { "JWT_JWKS_FILE", "key_files", list_of("^/", "absolute paths"), {} },
  { "JWT_JWKS_URL", "key_urls", list_of(URL, "http or https URLs"), {} },
  { "JWT_SYNC_INTERVAL", "sync_interval", integer(1, 86400), 300 },
  { "JWT_CACHE_TTL", "cache_ttl", integer(0, 86400) },
  { "JWT_TOKEN_SERVER_BACKEND", "backend",
    match("^[%w_.:-]+$", "the beginning of a backend's name") },
  { "JWT_SCHEMES", "schemes", parse_schemes, { jwt = true, bearer = true } },
  { "JWT_COOKIE", "cookie", match(COOKIE_NAME, "a cookie's name") },
  { "JWT_QUERY", "query", match("^[%w_.~-]+$", "a parameter's name") },
  { "JWT_MAX_TOKEN_BYTES", "max_token_bytes", integer(64, 65536), 8192 },
  { "JWT_CACHE_SIZE", "cache_size", integer(0, 10000000), 50000 },
  { "JWT_CLAIM_VARS", "claim_vars", parse_claim_vars, "*" },
  { "JWT_BODY_ENCODING", "body_encoding", one_of("json", "base64url"),
    "json" },
  { "JWT_STALE", "stale", parse_stale, false },
}

-- With two keys, divided by a comma or by lines, a rotation is under way: the
-- server takes either, so the first is the one to send.
local function parse_verifier_key(text)
  local key = split((text:gsub("\r?\n", ",")))[1]
  if not key then return nil end
  if key:find("[^!-~]") or #key > 1024 then return nil, "malformed" end
  return key
end

local function read_verifier_key(getenv, read_file, problems)
  local text = getenv("JWT_VERIFIER_KEY")
  local name = "JWT_VERIFIER_KEY"
  if not text or text == "" then
    local path = getenv("JWT_VERIFIER_KEY_FILE")
    name = "JWT_VERIFIER_KEY_FILE"
    local named = path and path ~= ""
    text = read_file(named and path or DEFAULT_VERIFIER_KEY_FILE)
    if not text then
      if named then
        problems[#problems + 1] = name .. ": " .. path .. " cannot be read; "
          .. "haproxy-jwt serve makes it at its first start"
      end
      return nil
    end
  end
  local key, err = parse_verifier_key(text)
  if not key and (err or name == "JWT_VERIFIER_KEY_FILE") then
    problems[#problems + 1] = name
      .. ": must hold one key, or two with a comma while rotating"
  end
  return key
end

--- Reads all settings.
-- @param getenv    function(name) -> string or nil; empty means not set
-- @param read_file function(path) -> contents or nil
-- @return table of fields, list of problems ("NAME: what is wanted"; never
--   the value, which may be a secret)
function settings.read(getenv, read_file)
  local result, problems = {}, {}
  for _, row in ipairs(TABLE) do
    local name, field, parse, default = row[1], row[2], row[3], row[4]
    local text = getenv(name)
    if text and trim(text) ~= "" then
      local value, wanted = parse(trim(text))
      if value == nil then
        problems[#problems + 1] = name .. ": must be " .. wanted
      end
      result[field] = value
    else
      result[field] = default
    end
  end
  if not result.backend then
    problems[#problems + 1] =
      "JWT_TOKEN_SERVER_BACKEND: must name the token-server's backend"
  end
  result.verifier_key = read_verifier_key(getenv, read_file, problems)
  return result, problems
end

--- What is set and has no effect, in words for the log; the rest holds.
function settings.idle(result)
  local found = {}
  if result.stale and not result.verifier_key then
    found[1] = "JWT_STALE: best-effort does nothing without the verifier key"
      .. " (JWT_VERIFIER_KEY, JWT_VERIFIER_KEY_FILE)"
  end
  return found
end

return settings
