local test = ...
local base64url = require("verify-jwt.base64url")
local token = require("verify-jwt.token")

local encode = base64url.encode
local parse = token.parser()

local function jws(header, payload, signature)
  return encode(header) .. "." .. encode(payload or "{}") .. "."
    .. encode(signature or "sig")
end

test("reads alg and kid of a plain header", function()
  local text = jws('{"alg":"RS256","kid":"a"}', '{"a":1}', "s")
  local header, first, second = parse(text)
  assert(header.plain and header.alg == "RS256" and header.kid == "a")
  assert(text:sub(first, second) == "." .. encode('{"a":1}') .. ".")
  assert(text:sub(second + 1) == encode("s"))
end)

test("takes for plain whatever is usual", function()
  for _, header in ipairs({
    '{"typ":"JWT","cty":"a","alg":"RS256"}',
    '{ "alg" : "RS256", "typ" : "a:b" }',
    '{"alg":"RS256","kid":"https://a.test/#1~","x5t":"A-_=","n":1}',
  }) do
    assert(parse(jws(header)).plain)
  end
end)

test("takes five parts for a JWE", function()
  local header, first = parse(encode('{"alg":"dir","enc":"A256GCM"}')
    .. "..AAAA.AAAA.AAAA")
  assert(header and not header.plain and first == nil)
end)

test("remembers a header no longer than its own bound", function()
  local bounded = token.parser()
  for i = 1, 1000 do
    assert(bounded(jws(('{"alg":"none","n":%d}'):format(i))).alg == "none")
  end
end)

local NOT_PLAIN = {
  { "a kid that is a number", '{"alg":"HS256","kid":1}' },
  { "a kid that is null", '{"alg":"HS256","kid":null}' },
  { "a typ that is a number", '{"alg":"HS256","typ":1}' },
  { "a typ that is null", '{"alg":"HS256","typ":null}' },
  { "a cty that is a truth", '{"alg":"HS256","cty":true}' },
  { "an alg that is a list", '{"alg":["HS256"]}' },
  { "no alg", '{"kid":"a"}' },
  { "crit", '{"alg":"HS256","crit":["b64"]}' },
  { "b64", '{"alg":"HS256","b64":false}' },
  { "zip", '{"alg":"HS256","zip":"DEF"}' },
  { "enc", '{"alg":"HS256","enc":"A256GCM"}' },
  { "alg twice", '{"alg":"HS256","alg":"RS256"}' },
  { "another name twice", '{"alg":"HS256","typ":"JWT","typ":"JWT"}' },
  { "a name twice, spaced", '{"alg":"HS256","typ" :"JWT","typ"  : "JWT"}' },
  { "an object inside", '{"alg":"HS256","x":{"a":1}}' },
  { "an escape", '{"alg":"HS256","typ":"\\u004aWT"}' },
  { "bytes that are no UTF-8", '{"alg":"HS256","typ":"\xff"}' },
  { "a raw control character", '{"alg":"HS256","typ":"\1"}' },
  { "DEL", '{"alg":"HS256","typ":"\127"}' },
}
for _, row in ipairs(NOT_PLAIN) do
  test("leaves to the server " .. row[1], function()
    local header = parse(jws(row[2]))
    assert(header and not header.plain)
    assert(header.alg == nil and header.kid == nil)
  end)
end

local GOOD = jws('{"alg":"HS256"}')
local REFUSED = {
  { "nothing", "" }, { "one part", "abcd" }, { "two parts", "eyJ9.e30" },
  { "four parts", GOOD .. ".AAAA" }, { "six parts", GOOD .. ".A.A.A" },
  { "an empty header", ".e30.AAAA" }, { "padding", GOOD .. "=" },
  { "a space", GOOD .. " " }, { "a line break", GOOD .. "\n" },
  { "a trailing dot", GOOD .. "." }, { "plus", "+" .. GOOD },
  { "left-over bits", GOOD:gsub("%.%w+$", ".Zh") },
  { "JSON serialisation", '{"payload":"e30","signature":"AAAA"}' },
  { "a header that is a list", jws('["alg"]') },
  { "a header that is a string", jws('"alg"') },
  { "a header that is null", jws("null") },
  { "a header cut short", jws('{"alg":"HS256"') },
  { "a header with bytes behind it", jws('{"alg":"HS256"}x') },
  { "a header that is deep", jws(('{"a":'):rep(50) .. "1" .. ("}"):rep(50)) },
}
for _, row in ipairs(REFUSED) do
  test("refuses " .. row[1], function()
    assert(parse(row[2]) == nil)
  end)
end
