--- Knows the compact serialisations (RFC 7515 section 7.1, RFC 7516 section
-- 7.1): which texts are worth a question at all, and what a header says.

local cjson = require("cjson").new()

local base64url = require("verify-jwt.base64url")

local find, match = string.find, string.match
local is_strict = base64url.is_strict

local MAX_REMEMBERED = 256
local MAX_REMEMBERED_BYTES = 512

cjson.decode_max_depth(16)
cjson.decode_invalid_numbers(false)

local token = {}

local function parse_header(text)
  local bytes = base64url.decode(text)
  if not bytes or not find(bytes, "^[ \t\r\n]*{") then return nil end
  local ok, object = pcall(cjson.decode, bytes)
  if not ok or type(object) ~= "table" then return nil end
  local header = {}
  -- Where anything is unusual the signature is the token-server's to check:
  -- `plain` marks the headers that may be judged here.
  header.plain = type(object.alg) == "string"
    and (object.kid == nil or type(object.kid) == "string")
    and object.crit == nil and object.b64 == nil and object.zip == nil
    and object.enc == nil
  if header.plain then header.alg, header.kid = object.alg, object.kid end
  return header
end

-- Tokens of one issuer share a header. What outsiders can put in here is
-- bounded: the memory is emptied when it is full.
local function remembering_parser()
  local known, count = {}, 0
  return function(text)
    local header = known[text]
    if header then return header end
    header = parse_header(text)
    if header and #text <= MAX_REMEMBERED_BYTES then
      if count >= MAX_REMEMBERED then known, count = {}, 0 end
      known[text], count = header, count + 1
    end
    return header
  end
end

local PART = "([A-Za-z0-9_-]*)"
local JWS = "^([A-Za-z0-9_-]+)%." .. PART .. "%." .. PART .. "$"
local JWE = "^([A-Za-z0-9_-]+)" .. ("%." .. PART):rep(4) .. "$"

--- Creates a parser: function(text) -> header, payload, signature; for a JWE
-- header alone; nil when the text is neither. A header is
-- { plain, alg?, kid? }, the other two are base64url as they were sent.
function token.parser()
  local header_of = remembering_parser()
  return function(text)
    local head, payload, signature = match(text, JWS)
    if head then
      if not is_strict(payload) or not is_strict(signature) then return nil end
      return header_of(head), payload, signature
    end
    local key, vector, ciphertext, tag
    head, key, vector, ciphertext, tag = match(text, JWE)
    if not head or not is_strict(key) or not is_strict(vector)
      or not is_strict(ciphertext) or not is_strict(tag) then
      return nil
    end
    return header_of(head)
  end
end

return token
