local test = ...
local cjson = require("cjson")
local pkey = require("openssl.pkey")

local base64url = require("verify-jwt.base64url")
local der = require("verify-jwt.der")
local keys = require("verify-jwt.keys")

local encode = base64url.encode
local LONG = ("s"):rep(64)

local rsa = pkey.new({ type = "RSA", bits = 2048 })
local small_rsa = pkey.new({ type = "RSA", bits = 1024 })
local ec = pkey.new({ type = "EC", curve = "prime256v1" })

local function jwk_of(key)
  local base64 = key:toPEM("public"):gsub("%-%-%-[^\n]+\n", "")
    :gsub("[%s=]", ""):gsub("%+", "-"):gsub("/", "_")
  local jwk = der.to_jwk(base64url.decode(base64))
  for _, name in ipairs({ "n", "e", "x", "y" }) do
    if jwk[name] then jwk[name] = encode(jwk[name]) end
  end
  return jwk
end

local function with(jwk, members)
  local copy = {}
  for name, value in pairs(jwk) do copy[name] = value end
  for name, value in pairs(members) do copy[name] = value end
  return copy
end

local function parse(entries)
  return assert(keys.parse(cjson.encode(entries)))
end

local RSA_JWK, EC_JWK = jwk_of(rsa), jwk_of(ec)

test("computes the thumbprint that jose computes", function()
  local found = parse({ { secret = LONG } })
  assert(found[1].thumbprint == "Xkm7ncSMlwrcPSVBoTSPCzSqn4n6GC3LKvy1T2jw-aQ")
end)

test("gives a PEM key and its JWK one thumbprint", function()
  local found = parse({ { cert = rsa:toPEM("public") }, RSA_JWK })
  assert(found[1].thumbprint == found[2].thumbprint)
  found = parse({ { cert = ec:toPEM("public") }, EC_JWK })
  assert(found[1].thumbprint == found[2].thumbprint)
end)

test("gives a secret and its JWK one thumbprint", function()
  local found = parse({ { secret = LONG }, { kty = "oct", k = encode(LONG) } })
  assert(#found == 2 and found[1].thumbprint == found[2].thumbprint)
end)

test("reads RFC 7517's form", function()
  local found = parse({ keys = { with(RSA_JWK, { kid = "a" }), EC_JWK } })
  assert(#found == 2 and found[1].kid == "a")
end)

local function modulus_of(bits)
  local top = string.char((1 << (bits - 1) % 8 + 1) - 1)
  return encode(top .. ("\255"):rep((bits - 1) // 8))
end

test("takes RSA keys of 2048 to 8192 bits, as the server does", function()
  for bits, is_taken in pairs({
    [2047] = false, [2048] = true, [8192] = true, [8193] = false,
    [16384] = false,
  }) do
    local found = parse({ with(RSA_JWK, { n = modulus_of(bits) }) })
    assert((#found == 1) == is_taken, bits)
  end
end)

test("takes RSA exponents of 4 bytes at the most", function()
  assert(#parse({ with(RSA_JWK, { e = encode("\255\255\255\255") }) }) == 1)
  assert(#parse({ with(RSA_JWK, { e = encode("\1\0\0\0\1") }) }) == 0)
end)

test("keeps the good keys beside a broken one", function()
  local found, left_out = parse({ { secret = LONG }, { cert = "x" } })
  assert(#found == 1 and #left_out == 1)
end)

test("takes an empty list for no keys", function()
  local found = keys.parse("[]")
  assert(#found == 0)
  found = keys.parse('{"keys":[]}')
  assert(#found == 0)
end)

local NO_SET = {
  "", "null", "1", '"a"', "{}", '{"keys":1}', '{"keys":{"a":{}}}', "[1]",
  '[{"kid":"a","secret":"', '[{"kid":"a"}]x', "[null]", "<html>",
}
for _, text in ipairs(NO_SET) do
  test("refuses as a whole " .. text, function()
    local found, problem = keys.parse(text)
    assert(found == nil and problem)
  end)
end

--- A set with one member more, which a key has no use for.
local function with_name(name)
  return ('[{"kid":"a","secret":"%s","%s": 1}]'):format(LONG, name)
end

test("takes names of 40 characters, and longer values", function()
  local value = with(RSA_JWK, {
    kid = ("k"):rep(41), x5c = { ('"\\:'):rep(500), ("c"):rep(2000) },
    note = (" "):rep(41) .. ":",
  })
  assert(#parse({ value }) == 1)
  assert(#keys.parse(with_name(("n"):rep(40))) == 1)
  assert(#keys.parse(with_name(("n"):rep(38) .. '\\"')) == 1)
  -- What stands between two strings is no name, whatever follows it.
  assert(#keys.parse(('[{"kid":"a",%s"secret":%s":%s"}]'):format(
    (" "):rep(50), (" "):rep(50), LONG)) == 1)
end)

local LONG_NAMES = {
  { "41 characters", ("n"):rep(41) },
  { "an escaped quote in it", ("n"):rep(20) .. '\\"' .. ("n"):rep(20) },
  { "an escaped backslash at its end", ("n"):rep(40) .. "\\\\" },
  { "escapes alone", ("\\u006e"):rep(41) },
  { "a megabyte", ("n"):rep(1000000) },
}
for _, row in ipairs(LONG_NAMES) do
  test("refuses as a whole a set with a name of " .. row[1], function()
    local found, problem = keys.parse(with_name(row[2]))
    assert(found == nil and problem)
    assert(keys.parse('{"keys":[],"a":{"b":' .. with_name(row[2]) .. "}}")
      == nil)
  end)
end

test("spends no seconds on names that Lua 5.3 does not tell apart", function()
  local members = {}
  for i = 1, 22000 do
    members[i] = '"' .. ("%05d"):format(i):gsub(".", "a%0") .. ("a"):rep(31)
      .. '":1'
  end
  local started = os.clock()
  keys.parse("[{" .. table.concat(members, ",") .. "}]")
  assert(os.clock() - started < 0.5)
end)

local UNUSED = {
  { "a short secret", { secret = "your-super-secure-secret" } },
  { "an empty secret", { secret = "" } },
  { "a small RSA key", { cert = small_rsa:toPEM("public") } },
  { "a private key in PEM", { cert = rsa:toPEM("private") } },
  { "a private member", with(RSA_JWK, { d = "AQAB" }) },
  { "an RSA key for encryption", with(RSA_JWK, { use = "enc" }) },
  { "key_ops without verify", with(RSA_JWK, { key_ops = { "encrypt" } }) },
  { "key_ops that is no list", with(RSA_JWK, { key_ops = "verify" }) },
  { "a key for PS256", with(RSA_JWK, { alg = "PS256" }) },
  { "a key for an unknown alg", with(RSA_JWK, { alg = "none" }) },
  { "an RSA key that says HS256", with(RSA_JWK, { alg = "HS256" }) },
  { "an EC key that says RS256", with(EC_JWK, { alg = "RS256" }) },
  { "a P-256 key that says ES384", with(EC_JWK, { alg = "ES384" }) },
  { "a secret too short for its alg", { secret = LONG:sub(1, 40),
    alg = "HS512" } },
  { "a kid that is a number", with(RSA_JWK, { kid = 1 }) },
  { "an exponent of 1", with(RSA_JWK, { e = "AQ" }) },
  { "an even exponent", with(RSA_JWK, { e = "Ag" }) },
  { "padding in a member", with(RSA_JWK, { e = "AQAB==" }) },
  { "a point off its curve", with(EC_JWK, { x = EC_JWK.y }) },
  { "a coordinate too short", with(EC_JWK, { x = "AAAA" }) },
  { "an unknown curve", with(EC_JWK, { crv = "secp256k1" }) },
  { "an Ed25519 key", { kty = "OKP", crv = "Ed25519", x = EC_JWK.x } },
  { "an empty object", { kty = "RSA" } },
}
for _, row in ipairs(UNUSED) do
  test("does not use " .. row[1], function()
    local found, left_out = parse({ row[2] })
    assert(#found == 0 and #left_out == 1)
  end)
end

local function ring_of(entries)
  return keys.ring({ parse(entries) })
end

test("selects by kid", function()
  local ring = ring_of({ with(RSA_JWK, { kid = "a" }),
    { kid = "b", secret = LONG } })
  assert(keys.select(ring, "RS256", "a").kid == "a")
  assert(keys.select(ring, "HS512", "b").kid == "b")
end)

test("selects the only fitting key where there is no kid", function()
  local ring = ring_of({ RSA_JWK, { secret = LONG } })
  assert(keys.select(ring, "RS512", nil).kty == "RSA")
end)

test("counts a key of two sources once", function()
  local set = parse({ with(RSA_JWK, { kid = "a" }) })
  local ring = keys.ring({ set, parse({ with(RSA_JWK, { kid = "a" }) }) })
  assert(#ring.all == 1 and keys.select(ring, "RS256", nil))
end)

local NONE = {
  { "an unknown kid", "RS256", "x" }, { "an empty kid", "RS256", "" },
  { "a kid of another kind", "HS256", "a" },
  { "a kid like a method's name", "RS256", "__index" },
  { "an alg beside the key's own", "RS512", "pinned" },
  { "no kid and two fitting keys", "HS256", nil },
  { "PS256", "PS256", "a" }, { "none", "none", "a" },
  { "two keys with one kid", "HS256", "twin" },
}
local MANY = {
  with(RSA_JWK, { kid = "a" }), with(RSA_JWK, { kid = "pinned",
    alg = "RS256" }),
  { kid = "twin", secret = LONG }, { kid = "twin", secret = LONG .. "x" },
}
for _, row in ipairs(NONE) do
  test("selects nothing for " .. row[1], function()
    assert(keys.select(ring_of(MANY), row[2], row[3]) == nil)
  end)
end
