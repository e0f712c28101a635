--- Knows the little ASN.1 that keys and ECDSA signatures need (X.690 DER):
-- public keys between JWK members and SubjectPublicKeyInfo (RFC 5280, RFC
-- 8017, RFC 5480), and r||s (RFC 7518 section 3.4) to ECDSA-Sig-Value.

local byte, char, rep, sub = string.byte, string.char, string.rep, string.sub

local INTEGER, BIT_STRING, NULL = 0x02, 0x03, 0x05
local OBJECT_ID, SEQUENCE = 0x06, 0x30

local RSA_ENCRYPTION = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
local EC_PUBLIC_KEY = "\x2a\x86\x48\xce\x3d\x02\x01"

local CURVE_ID = {
  ["P-256"] = "\x2a\x86\x48\xce\x3d\x03\x01\x07",
  ["P-384"] = "\x2b\x81\x04\x00\x22",
  ["P-521"] = "\x2b\x81\x04\x00\x23",
}
local CURVE_NAME = {}
for name, id in pairs(CURVE_ID) do CURVE_NAME[id] = name end

local der = {}

local function wrap(tag, content)
  local n = #content
  local length
  if n < 128 then
    length = char(n)
  elseif n < 256 then
    length = char(0x81, n)
  else
    length = char(0x82, n >> 8, n & 255)
  end
  return char(tag) .. length .. content
end

--- Bytes of an unsigned number without its leading zeros.
local function unpadded(bytes)
  return (bytes:gsub("^\0+", ""))
end

local function integer(bytes)
  bytes = unpadded(bytes)
  if bytes == "" then bytes = "\0" end
  if byte(bytes) >= 0x80 then bytes = "\0" .. bytes end
  return wrap(INTEGER, bytes)
end

--- SubjectPublicKeyInfo of an RSA key; both arguments unsigned, big-endian.
function der.from_rsa(modulus, exponent)
  local key = wrap(SEQUENCE, integer(modulus) .. integer(exponent))
  return wrap(SEQUENCE,
    wrap(SEQUENCE, wrap(OBJECT_ID, RSA_ENCRYPTION) .. wrap(NULL, ""))
    .. wrap(BIT_STRING, "\0" .. key))
end

--- SubjectPublicKeyInfo of a point on P-256, P-384 or P-521; nil for another
-- curve. Whether the point lies on it is for OpenSSL to say.
function der.from_ec(curve, x, y)
  local id = CURVE_ID[curve]
  if not id then return nil end
  return wrap(SEQUENCE,
    wrap(SEQUENCE, wrap(OBJECT_ID, EC_PUBLIC_KEY) .. wrap(OBJECT_ID, id))
    .. wrap(BIT_STRING, "\0\4" .. x .. y))
end

--- Reads one element: its content, and where the next one starts. nil when
-- the tag is another or the length points outside.
local function read(data, at, tag)
  if byte(data, at) ~= tag then return nil end
  local n = byte(data, at + 1)
  local start = at + 2
  if not n then return nil end
  if n >= 0x80 then
    local count = n & 127
    if count < 1 or count > 2 then return nil end
    n = 0
    for i = start, start + count - 1 do
      n = n << 8 | (byte(data, i) or 0)
    end
    start = start + count
  end
  if start + n - 1 > #data then return nil end
  return sub(data, start, start + n - 1), start + n
end

local function read_rsa(bits)
  local sequence = read(bits, 1, SEQUENCE)
  if not sequence then return nil end
  local modulus, at = read(sequence, 1, INTEGER)
  local exponent = modulus and read(sequence, at, INTEGER)
  if not exponent then return nil end
  return { kty = "RSA", n = unpadded(modulus), e = unpadded(exponent) }
end

local function read_ec(curve_id, bits)
  local curve = CURVE_NAME[curve_id]
  local size = #bits // 2
  -- 4 marks an uncompressed point (SEC 1 section 2.3.3).
  if not curve or byte(bits) ~= 4 or #bits ~= size * 2 + 1 then return nil end
  return {
    kty = "EC", crv = curve,
    x = sub(bits, 2, size + 1), y = sub(bits, size + 2),
  }
end

--- Members of the JWK that a SubjectPublicKeyInfo holds, as bytes; nil for
-- anything but an RSA key or an uncompressed point on a curve of JOSE.
function der.to_jwk(data)
  local outer = read(data, 1, SEQUENCE)
  if not outer then return nil end
  local algorithm, at = read(outer, 1, SEQUENCE)
  local bits = algorithm and read(outer, at, BIT_STRING)
  if not bits or byte(bits) ~= 0 then return nil end
  bits = sub(bits, 2)
  local id, after = read(algorithm, 1, OBJECT_ID)
  if id == RSA_ENCRYPTION then return read_rsa(bits) end
  if id == EC_PUBLIC_KEY then
    local curve_id = read(algorithm, after, OBJECT_ID)
    return curve_id and read_ec(curve_id, bits)
  end
  return nil
end

--- True when a number is smaller than another of the same length. `<` on
-- strings would follow the locale.
local function is_less(a, b)
  for i = 1, #a do
    local p, q = byte(a, i), byte(b, i)
    if p ~= q then return p < q end
  end
  return false
end

--- ECDSA-Sig-Value of r||s, each `size` bytes and in 1..order-1; nil for any
-- other length or range, so that a signature has one spelling.
-- @param order the curve's n, `size` bytes, big-endian
function der.from_ecdsa(signature, size, order)
  if #signature ~= size * 2 then return nil end
  local r, s = sub(signature, 1, size), sub(signature, size + 1)
  local zero = rep("\0", size)
  if r == zero or s == zero then return nil end
  if not is_less(r, order) or not is_less(s, order) then return nil end
  return wrap(SEQUENCE, integer(r) .. integer(s))
end

return der
