--- Knows which JWS algorithms (RFC 7518 section 3) are verified in HAProxy,
-- and with which kind of key. PS and EdDSA are missing: luaossl would check
-- PKCS#1 instead of PSS and cannot do Ed25519, so the token-server does them.

local algorithms = {}

local function rsa(digest)
  return { kty = "RSA", digest = digest }
end

local function hmac(digest, size)
  return { kty = "oct", digest = digest, size = size }
end

local function ecdsa(digest, crv, size, order)
  return {
    kty = "EC", digest = digest, crv = crv, size = size,
    order = (order:gsub("%s", ""):gsub("%x%x", function(pair)
      return string.char(tonumber(pair, 16))
    end)),
  }
end

--- Name in the header's `alg` → how it is checked. `size` is the least an
-- HMAC secret may hold, or the bytes of r and of s; `order` is the curve's n.
algorithms.supported = {
  HS256 = hmac("sha256", 32),
  HS384 = hmac("sha384", 48),
  HS512 = hmac("sha512", 64),
  RS256 = rsa("sha256"),
  RS384 = rsa("sha384"),
  RS512 = rsa("sha512"),
  ES256 = ecdsa("sha256", "P-256", 32, [[
    ffffffff00000000 ffffffffffffffff bce6faada7179e84 f3b9cac2fc632551]]),
  ES384 = ecdsa("sha384", "P-384", 48, [[
    ffffffffffffffff ffffffffffffffff ffffffffffffffff c7634d81f4372ddf
    581a0db248b0a77a ecec196accc52973]]),
  ES512 = ecdsa("sha512", "P-521", 66, [[
    01ff ffffffffffffffff ffffffffffffffff ffffffffffffffff
    fffffffffffffffa 51868783bf2f966b 7fcc0148f709a5d0 3bb5c9b8899c47ae
    bb6fb71e91386409]]),
}

--- True when a key may serve an algorithm. A key that names its `alg` serves
-- that one alone; another serves its own family.
-- @param key { kty, alg?, crv?, secret_bytes? }
function algorithms.fits(key, name)
  local algorithm = algorithms.supported[name]
  if not algorithm or key.kty ~= algorithm.kty then return false end
  if key.alg ~= nil and key.alg ~= name then return false end
  if key.kty == "EC" then return key.crv == algorithm.crv end
  if key.kty == "oct" then return key.secret_bytes >= algorithm.size end
  return true
end

return algorithms
