--- Knows how a JWS signature is checked with a key that already fits its
-- algorithm (RFC 7518 section 3). Choosing the key is left to `keys`.

local digest = require("openssl.digest")
local hmac = require("openssl.hmac")

local algorithms = require("verify-jwt.algorithms")
local der = require("verify-jwt.der")

local byte = string.byte
local supported = algorithms.supported

local signature = {}

--- Compares in a time that depends on the lengths alone.
local function is_equal(a, b)
  if #a ~= #b then return false end
  local difference = 0
  for i = 1, #a do difference = difference | byte(a, i) ~ byte(b, i) end
  return difference == 0
end

--- EVP_VerifyFinal raises for what it cannot read; that is no signature.
local function holds(key, bytes, name, text)
  local context = digest.new(name)
  context:update(text)
  local ok, result = pcall(key.handle.verify, key.handle, bytes, context)
  return ok and result == true
end

local CHECK = {
  oct = function(key, algorithm, text, bytes)
    local expected = hmac.new(key.secret, algorithm.digest):final(text)
    return is_equal(expected, bytes)
  end,
  RSA = function(key, algorithm, text, bytes)
    return holds(key, bytes, algorithm.digest, text)
  end,
  EC = function(key, algorithm, text, bytes)
    local sequence = der.from_ecdsa(bytes, algorithm.size, algorithm.order)
    return sequence ~= nil and holds(key, sequence, algorithm.digest, text)
  end,
}

--- True only when `bytes` is the signature of `text` under the key.
-- @param key  from keys.select for this alg
-- @param text the signing input: header and payload as they were sent
function signature.verify(key, alg, text, bytes)
  local algorithm = supported[alg]
  if not algorithm or not algorithms.fits(key, alg) then return false end
  return CHECK[algorithm.kty](key, algorithm, text, bytes)
end

return signature
