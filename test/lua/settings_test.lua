local test = ...
local settings = require("verify-jwt.settings")

local function read(values, files)
  values.JWT_TOKEN_SERVER_BACKEND = values.JWT_TOKEN_SERVER_BACKEND or "b"
  return settings.read(
    function(name) return values[name] end,
    function(path) return files and files[path] end)
end

test("gives the defaults of the contract", function()
  local result, problems = read({})
  assert(#problems == 0)
  assert(result.schemes.jwt and result.schemes.bearer)
  assert(result.max_token_bytes == 8192 and result.cache_size == 50000)
  assert(result.claim_vars == "*" and result.body_encoding == "json")
  assert(result.sync_interval == 300 and result.stale == false)
  assert(result.cache_ttl == nil and result.cookie == nil)
  assert(result.verifier_key == nil)
end)

test("takes an empty value for none", function()
  local result, problems = read({ JWT_CACHE_TTL = " ", JWT_COOKIE = "" })
  assert(#problems == 0 and result.cache_ttl == nil and not result.cookie)
end)

test("names every problem at once and shows no value", function()
  local _, problems = read({
    JWT_CACHE_TTL = "soon", JWT_CACHE_SIZE = "-1", JWT_STALE = "always",
    JWT_TOKEN_SERVER_BACKEND = "a b", JWT_VERIFIER_KEY = "se cret",
  })
  local text = table.concat(problems, "\n")
  for _, name in ipairs({
    "JWT_CACHE_TTL", "JWT_CACHE_SIZE", "JWT_STALE",
    "JWT_TOKEN_SERVER_BACKEND", "JWT_VERIFIER_KEY",
  }) do
    assert(text:find(name, 1, true), name)
  end
  assert(not text:find("se cret", 1, true))
end)

test("sends the first of two verifier keys", function()
  assert(read({ JWT_VERIFIER_KEY = "new,old" }).verifier_key == "new")
end)

test("sends the first of two verifier keys on lines of their own", function()
  local env = { JWT_VERIFIER_KEY_FILE = "/k" }
  for _, text in ipairs({ "new\nold\n", "\r\nnew\r\nold", "new,\nold" }) do
    local result, problems = read(env, { ["/k"] = text })
    assert(result.verifier_key == "new" and #problems == 0)
  end
  local _, problems = read(env, { ["/k"] = "ne w\nold\n" })
  assert(#problems == 1)
end)

test("reads the verifier key's file, its line break not", function()
  local result = read({ JWT_VERIFIER_KEY_FILE = "/k" }, { ["/k"] = "abc\n" })
  assert(result.verifier_key == "abc")
end)

test("uses the installed key's file where it is readable", function()
  local path = "/etc/haproxy-jwt/verifier.key"
  assert(read({}, { [path] = "abc" }).verifier_key == "abc")
end)

test("refuses a named key file that cannot be read", function()
  local _, problems = read({ JWT_VERIFIER_KEY_FILE = "/none" })
  assert(#problems == 1)
end)

test("says that best effort without the verifier key does nothing", function()
  local best_effort = { JWT_STALE = "best-effort:60" }
  local idle = settings.idle(read(best_effort))
  assert(#idle == 1 and idle[1]:find("JWT_STALE", 1, true))
  best_effort.JWT_VERIFIER_KEY = "abc"
  assert(#settings.idle(read(best_effort)) == 0)
  assert(#settings.idle(read({ JWT_STALE = "strict" })) == 0)
end)

local NAMES = {
  { "username,sub", "username sub" },
  -- One `_` a character, of however many bytes.
  { "\u{e9}", "_" }, { "a\u{65e5}\u{672c}b", "a__b" }, { "\u{1d11e}", "_" },
  { "https://x/y, a.b", "https___x_y a.b" },
  -- Those that become one name are left out.
  { "a b,a-b,c", "c" }, { "\u{e9},\u{65e5},sub", "sub" },
}
for _, row in ipairs(NAMES) do
  test(("names the variables of %s"):format(row[1]), function()
    local claim_vars = read({ JWT_CLAIM_VARS = row[1] }).claim_vars
    local names = settings.variable_names(claim_vars)
    for i, name in ipairs(names) do
      names[i] = assert(name:match("^txn%.tkn%.payload%.(.*)$"))
    end
    assert(table.concat(names, " ") == row[2], table.concat(names, " "))
  end)
end

test("names no variables for all claims", function()
  assert(settings.variable_names("*") == nil)
end)

local REFUSED = {
  { "JWT_CACHE_TTL", "1.5" }, { "JWT_CACHE_TTL", "0x10" },
  { "JWT_CACHE_TTL", "86401" }, { "JWT_SYNC_INTERVAL", "0" },
  { "JWT_MAX_TOKEN_BYTES", "1" }, { "JWT_MAX_TOKEN_BYTES", "65537" },
  { "JWT_SCHEMES", "," }, { "JWT_SCHEMES", "a b" },
  { "JWT_COOKIE", "a=b" }, { "JWT_QUERY", "a&b" },
  { "JWT_BODY_ENCODING", "base64" }, { "JWT_STALE", "best-effort" },
  { "JWT_STALE", "best-effort:0" }, { "JWT_JWKS_FILE", "keys.json" },
  { "JWT_JWKS_URL", "file:///etc/passwd" }, { "JWT_CLAIM_VARS", "a\tb" },
  { "JWT_CLAIM_VARS", "sub,\xe9" }, { "JWT_CLAIM_VARS", "\xa9" },
}
for _, row in ipairs(REFUSED) do
  test(("refuses %s=%s"):format(row[1], row[2]), function()
    local _, problems = read({ [row[1]] = row[2] })
    assert(#problems == 1 and problems[1]:find(row[1], 1, true))
  end)
end
