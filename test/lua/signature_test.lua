local test = ...
local digest = require("openssl.digest")
local hmac = require("openssl.hmac")
local pkey = require("openssl.pkey")

local algorithms = require("verify-jwt.algorithms")
local keys = require("verify-jwt.keys")
local signature = require("verify-jwt.signature")
local cjson = require("cjson")

local TEXT = "header.payload"

local function key_of(entry)
  local found, left_out = keys.parse(cjson.encode({ entry }))
  assert(#found == 1, left_out[1])
  return found[1]
end

local function sha(bits, text)
  return digest.new("sha" .. bits):update(text)
end

--- r||s of a DER signature, each padded to `size`.
local function raw(sequence, size)
  local at = sequence:byte(2) > 0x80 and 4 or 3
  local out = ""
  for _ = 1, 2 do
    local length = sequence:byte(at + 1)
    local number = sequence:sub(at + 2, at + 1 + length):gsub("^\0+", "")
    out = out .. ("\0"):rep(size - #number) .. number
    at = at + 2 + length
  end
  return out
end

local rsa = pkey.new({ type = "RSA", bits = 2048 })
local rsa_key = key_of({ cert = rsa:toPEM("public") })
local CURVES = {
  ES256 = { "prime256v1", 32, "256" }, ES384 = { "secp384r1", 48, "384" },
  ES512 = { "secp521r1", 66, "512" },
}

for _, bits in ipairs({ "256", "384", "512" }) do
  local secret = ("s"):rep(64)
  local oct = key_of({ secret = secret })
  local mac = hmac.new(secret, "sha" .. bits):final(TEXT)
  local name = "HS" .. bits

  test("accepts " .. name, function()
    assert(signature.verify(oct, name, TEXT, mac))
  end)
  test("refuses a changed, cut or empty " .. name, function()
    assert(not signature.verify(oct, name, TEXT .. "x", mac))
    assert(not signature.verify(oct, name, TEXT, mac:sub(1, -2)))
    assert(not signature.verify(oct, name, TEXT, mac .. "\0"))
    assert(not signature.verify(oct, name, TEXT, ""))
    local flipped = string.char(mac:byte() ~ 1) .. mac:sub(2)
    assert(not signature.verify(oct, name, TEXT, flipped))
  end)

  name = "RS" .. bits
  local signed = rsa:sign(sha(bits, TEXT))
  test("accepts " .. name, function()
    assert(signature.verify(rsa_key, name, TEXT, signed))
  end)
  test("refuses a changed, cut or empty " .. name, function()
    assert(not signature.verify(rsa_key, name, TEXT .. "x", signed))
    assert(not signature.verify(rsa_key, name, TEXT, signed:sub(2)))
    assert(not signature.verify(rsa_key, name, TEXT, "\0" .. signed))
    assert(not signature.verify(rsa_key, name, TEXT, ""))
  end)
  test("refuses another hash than " .. name, function()
    local other = bits == "256" and "RS512" or "RS256"
    assert(not signature.verify(rsa_key, other, TEXT, signed))
  end)
  test("refuses HS" .. bits .. " made with a public key's text", function()
    local forged = hmac.new(rsa:toPEM("public"), "sha" .. bits):final(TEXT)
    assert(not signature.verify(rsa_key, "HS" .. bits, TEXT, forged))
  end)
end

for name, row in pairs(CURVES) do
  local curve, size, bits = row[1], row[2], row[3]
  local ec = pkey.new({ type = "EC", curve = curve })
  local key = key_of({ cert = ec:toPEM("public") })
  local der_form = ec:sign(sha(bits, TEXT))
  local signed = raw(der_form, size)
  local order = algorithms.supported[name].order
  local one = ("\0"):rep(size - 1) .. "\1"
  local zero = ("\0"):rep(size)

  test("accepts " .. name, function()
    assert(signature.verify(key, name, TEXT, signed))
  end)
  local REFUSED = {
    { "DER", der_form }, { "an empty text", "" },
    { "one byte less", signed:sub(1, -2) },
    { "one byte more", signed .. "\0" },
    { "zeros before both", "\0" .. signed:sub(1, size) .. "\0"
      .. signed:sub(size + 1) },
    { "r = 0", zero .. signed:sub(size + 1) },
    { "s = 0", signed:sub(1, size) .. zero },
    { "r = s = 0", zero .. zero }, { "r = s = 1", one .. one },
    { "r = n", order .. signed:sub(size + 1) },
    { "s = n", signed:sub(1, size) .. order },
    { "all ones", ("\255"):rep(size * 2) },
    { "halves swapped", signed:sub(size + 1) .. signed:sub(1, size) },
  }
  for _, refused in ipairs(REFUSED) do
    test(("refuses %s for %s"):format(refused[1], name), function()
      assert(not signature.verify(key, name, TEXT, refused[2]))
    end)
  end
  test("knows the order of " .. name .. "'s curve", function()
    assert(#order == size)
  end)
  test("refuses another curve's algorithm than " .. name, function()
    for other in pairs(CURVES) do
      if other ~= name then
        assert(not signature.verify(key, other, TEXT, signed))
      end
    end
  end)
end

for _, name in ipairs({ "none", "None", "", "PS256", "EdDSA", "hs256" }) do
  test(("refuses the algorithm '%s'"):format(name), function()
    local oct = key_of({ secret = ("s"):rep(64) })
    assert(not signature.verify(oct, name, TEXT, ""))
    assert(not signature.verify(rsa_key, name, TEXT, ""))
  end)
end
