--- Knows key sets: the seed's list and RFC 7517, which of their keys may be
-- used here, and which one key a token's header means. No I/O.

local cjson = require("cjson").new()
local digest = require("openssl.digest")
local pkey = require("openssl.pkey")
local x509 = require("openssl.x509")

local algorithms = require("verify-jwt.algorithms")
local base64url = require("verify-jwt.base64url")
local der = require("verify-jwt.der")

local decode, encode = base64url.decode, base64url.encode
local supported = algorithms.supported

local MIN_RSA_BITS, MAX_RSA_BITS = 2048, 8192
local MAX_EXPONENT_BYTES = 4
local MAX_KEYS = 1000
local MAX_NAME_BYTES = 40

cjson.decode_max_depth(16)
cjson.decode_invalid_numbers(false)

local keys = {}

local function sha256(text)
  return digest.new("sha256"):final(text)
end

--- RFC 7638: the members a key of this kind must have, sorted, no spaces.
local function thumbprint(jwk)
  local text
  if jwk.kty == "RSA" then
    text = ('{"e":"%s","kty":"RSA","n":"%s"}'):format(
      encode(jwk.e), encode(jwk.n))
  elseif jwk.kty == "EC" then
    text = ('{"crv":"%s","kty":"EC","x":"%s","y":"%s"}'):format(
      jwk.crv, encode(jwk.x), encode(jwk.y))
  else
    text = ('{"k":"%s","kty":"oct"}'):format(encode(jwk.k))
  end
  return encode(sha256(text))
end

local function bit_length(bytes)
  local bits, first = #bytes * 8, bytes:byte() or 0
  while first > 0 and first < 0x80 do
    bits, first = bits - 1, first << 1
  end
  return bits
end

--- The JWK in a PEM public key or certificate, or nil.
local function jwk_of_pem(text)
  local ok, key = pcall(function()
    if text:find("-----BEGIN CERTIFICATE-----", 1, true) then
      return x509.new(text, "PEM"):getPublicKey()
    elseif text:find("-----BEGIN PUBLIC KEY-----", 1, true) then
      return pkey.new(text, "PEM")
    end
  end)
  if not ok or not key then return nil end
  local base64 = key:toPEM("public"):gsub("%-%-%-[^\n]+\n", "")
  base64 = base64:gsub("[%s=]", ""):gsub("%+", "-"):gsub("/", "_")
  local data = decode(base64)
  return data and der.to_jwk(data)
end

local function bytes_of(entry, member)
  local text = entry[member]
  return type(text) == "string" and text ~= "" and decode(text) or nil
end

--- The key's own members as bytes, from any of the formats; nil and a reason.
local function material_of(entry)
  if entry.kty == nil and type(entry.secret) == "string" then
    return { kty = "oct", k = entry.secret }
  end
  if entry.kty == nil and type(entry.cert) == "string" then
    local jwk = jwk_of_pem(entry.cert)
    if not jwk then return nil, "no RSA or EC public key in PEM" end
    return jwk
  end
  if entry.d ~= nil then return nil, "a private key" end
  if entry.kty == "oct" then
    local k = bytes_of(entry, "k")
    return k and { kty = "oct", k = k }, "malformed"
  elseif entry.kty == "RSA" then
    local n, e = bytes_of(entry, "n"), bytes_of(entry, "e")
    if not n or not e then return nil, "malformed" end
    -- RFC 7518 section 6.3.1.1: no leading zeros; a key has one thumbprint.
    return { kty = "RSA", n = (n:gsub("^\0+", "")), e = (e:gsub("^\0+", "")) }
  elseif entry.kty == "EC" then
    local x, y = bytes_of(entry, "x"), bytes_of(entry, "y")
    if not x or not y or type(entry.crv) ~= "string" then
      return nil, "malformed"
    end
    return { kty = "EC", crv = entry.crv, x = x, y = y }
  end
  return nil, "not of a kind verified here"
end

local function public_key(data)
  local ok, key = pcall(pkey.new, data, "DER", "public")
  return ok and key or nil
end

local function usable_rsa(jwk)
  local bits = bit_length(jwk.n)
  if bits < MIN_RSA_BITS then return nil, "an RSA key under 2048 bits" end
  local last = jwk.e:byte(-1)
  -- With e = 1 everything is its own signature; a long one costs as a long
  -- modulus does. What the server leaves out must not be refused for here.
  if bits > MAX_RSA_BITS or not last or last % 2 == 0 or jwk.e == "\1"
    or #jwk.e > MAX_EXPONENT_BYTES then
    return nil, "malformed, or an RSA key over 8192 bits"
  end
  local handle = public_key(der.from_rsa(jwk.n, jwk.e))
  if not handle then return nil, "malformed" end
  return { kty = "RSA", handle = handle }
end

local function usable_ec(jwk)
  local data = der.from_ec(jwk.crv, jwk.x, jwk.y)
  local size
  for _, algorithm in pairs(supported) do
    if algorithm.crv == jwk.crv then size = algorithm.size end
  end
  if not data or #jwk.x ~= size or #jwk.y ~= size then
    return nil, "malformed, or a curve not verified here"
  end
  local handle = public_key(data)
  if not handle then return nil, "not a point on its curve" end
  return { kty = "EC", crv = jwk.crv, handle = handle }
end

--- A usable HMAC key is at least as long as one of the hashes; which ones,
-- `algorithms.fits` says for each token.
local function usable_oct(jwk)
  if #jwk.k < supported.HS256.size then
    return nil, "a secret shorter than its hash"
  end
  return { kty = "oct", secret = jwk.k, secret_bytes = #jwk.k }
end

local USABLE = { RSA = usable_rsa, EC = usable_ec, oct = usable_oct }

local function is_for_verifying(entry)
  if entry.use ~= nil and entry.use ~= "sig" then return false end
  if entry.key_ops == nil then return true end
  if type(entry.key_ops) ~= "table" then return false end
  for _, operation in ipairs(entry.key_ops) do
    if operation == "verify" then return true end
  end
  return false
end

--- One entry of a set to a key, or nil and why it is not used here.
local function to_key(entry)
  if not is_for_verifying(entry) then return nil, "not for verifying" end
  if entry.kid ~= nil and type(entry.kid) ~= "string" then
    return nil, "its kid is not a string"
  end
  if entry.alg ~= nil and not supported[entry.alg] then
    return nil, "of an algorithm not verified here"
  end
  local jwk, reason = material_of(entry)
  if not jwk then return nil, reason end
  local key
  key, reason = USABLE[jwk.kty](jwk)
  if not key then return nil, reason end
  key.kid, key.alg = entry.kid, entry.alg
  if key.alg and not algorithms.fits(key, key.alg) then
    return nil, "its alg is for another kind of key"
  end
  key.thumbprint = thumbprint(jwk)
  return key
end

local function is_list(value)
  if type(value) ~= "table" then return false end
  local count = 0
  for _, entry in pairs(value) do
    count = count + 1
    if type(entry) ~= "table" then return false end
  end
  return count == #value and count <= MAX_KEYS
end

--- Whether a member of a JSON text, at any depth, has a name as long as no
-- key's has. Of a longer one Lua 5.3 hashes some characters only: names that
-- differ elsewhere are compared with each other, for seconds where a megabyte
-- is full of them, and cjson decodes it all in one step of HAProxy's.
local function has_long_name(text)
  -- What stands for an escape is no quote, and no shorter than its meaning.
  for name, colon in text:gsub("\\.", "__"):gmatch('"([^"]*)"%s*(:?)') do
    if colon ~= "" and #name > MAX_NAME_BYTES then return true end
  end
  return false
end

--- Parses a whole set. One broken entry does not spoil the others: what is
-- not used here the token-server judges.
-- @return list of keys, list of reasons for entries left out; or nil and a
--   reason when the text is no key set, so that the old one stays
function keys.parse(text)
  local first = text:match("^%s*(.)")
  if first ~= "[" and first ~= "{" then return nil, "not a JSON key set" end
  if has_long_name(text) then
    return nil, "a member's name over 40 characters"
  end
  local ok, document = pcall(cjson.decode, text)
  if not ok then return nil, "not JSON" end
  local entries = document
  if first == "{" then entries = document.keys end
  if not is_list(entries) then return nil, "not a list of keys" end
  local found, left_out = {}, {}
  for i, entry in ipairs(entries) do
    local key, reason = to_key(entry)
    if key then
      found[#found + 1] = key
    else
      left_out[#left_out + 1] = ("entry %d: %s"):format(i, reason)
    end
  end
  return found, left_out
end

--- Joins sets to a ring. A key that stands in several counts once.
function keys.ring(sets)
  local ring = { all = {}, by_kid = {} }
  local seen = {}
  for _, set in ipairs(sets) do
    for _, key in ipairs(set) do
      local id = table.concat({
        key.thumbprint, key.alg or "", key.kid and "k" .. key.kid or "",
      }, "\0")
      if not seen[id] then
        seen[id] = true
        ring.all[#ring.all + 1] = key
        if key.kid then
          local list = ring.by_kid[key.kid] or {}
          list[#list + 1] = key
          ring.by_kid[key.kid] = list
        end
      end
    end
  end
  return ring
end

--- The one key that a header means, or nil: by kid, or without a kid the
-- only key that fits. There is no default; nil leaves it to the server.
function keys.select(ring, alg, kid)
  local candidates = ring.all
  if kid ~= nil then candidates = ring.by_kid[kid] or {} end
  local chosen
  for _, key in ipairs(candidates) do
    if algorithms.fits(key, alg) then
      if chosen then return nil end
      chosen = key
    end
  end
  return chosen
end

return keys
