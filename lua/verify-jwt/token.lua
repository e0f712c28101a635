--- Knows the compact serialisations (RFC 7515 section 7.1, RFC 7516 section
-- 7.1): which texts are worth a question at all, and what a header says.

local cjson = require("cjson").new()

local base64url = require("verify-jwt.base64url")
local remembered = require("verify-jwt.remembered")

local find, gmatch, sub = string.find, string.gmatch, string.sub
local is_whole = base64url.is_whole

local MAX_REMEMBERED_BYTES = 512

cjson.decode_max_depth(16)
cjson.decode_invalid_numbers(false)

local token = {}

--- cjson takes what the server's strict reader refuses: escapes and bytes that
-- are no text, and a name for the second time. True for a header, all of its
-- values strings or the like, in which there is none of that.
local function is_usual(bytes, object)
  if find(bytes, "[^ -~]") or find(bytes, "[\\{%[]", 2) then return false end
  local members, names = 0, 0
  for _ in gmatch(bytes, '" *:') do members = members + 1 end
  for _ in pairs(object) do names = names + 1 end
  return members == names
end

local function is_optional_text(value)
  return value == nil or type(value) == "string"
end

local function parse_header(text)
  local bytes = base64url.decode(text)
  if not bytes or not find(bytes, "^[ \t\r\n]*{") then return nil end
  local ok, object = pcall(cjson.decode, bytes)
  if not ok or type(object) ~= "table" then return nil end
  local header = {}
  -- Where anything is unusual the signature is the token-server's to check:
  -- `plain` marks the headers that may be judged here.
  header.plain = is_usual(bytes, object) and type(object.alg) == "string"
    and is_optional_text(object.kid) and is_optional_text(object.typ)
    and is_optional_text(object.cty)
    and object.crit == nil and object.b64 == nil and object.zip == nil
    and object.enc == nil
  if header.plain then header.alg, header.kid = object.alg, object.kid end
  return header
end

--- Creates a parser: function(text) -> header, and where the dots before the
-- payload and the signature are; for a JWE header alone; nil when the text is
-- neither. A header is { plain, alg?, kid? }. The alphabet of the rest is the
-- server's to judge, which looks at every byte anyway.
function token.parser()
  -- Tokens of one issuer share a header.
  local header_of = remembered.create(parse_header, MAX_REMEMBERED_BYTES)
  return function(text)
    local first = find(text, ".", 1, true)
    local second = first and find(text, ".", first + 1, true)
    if not second or first == 1 then return nil end
    if not is_whole(text, first + 1, second - 1) then return nil end
    local third = find(text, ".", second + 1, true)
    if not third then
      if not is_whole(text, second + 1) then return nil end
      return header_of(sub(text, 1, first - 1)), first, second
    end
    local fourth = find(text, ".", third + 1, true)
    if not fourth or find(text, ".", fourth + 1, true)
      or not is_whole(text, second + 1, third - 1)
      or not is_whole(text, third + 1, fourth - 1)
      or not is_whole(text, fourth + 1) then
      return nil
    end
    return header_of(sub(text, 1, first - 1))
  end
end

return token
