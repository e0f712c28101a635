--- Knows base64url (RFC 4648 section 5) as RFC 7515 section 2 narrows it: no
-- padding, no other character, no bits left over after the last byte.

local byte, char, find = string.byte, string.char, string.find
local concat = table.concat

local ALPHABET =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

local VALUE = {}
for i = 1, #ALPHABET do VALUE[byte(ALPHABET, i)] = i - 1 end

local base64url = {}

--- True when nothing is left over after the last byte of a text that has
-- only the alphabet's characters. The empty text is the empty string.
-- @param first, last where in `text` it stands; all of it without them
function base64url.is_whole(text, first, last)
  last = last or #text
  local rest = (last + 1 - (first or 1)) % 4
  if rest == 0 then return true end
  if rest == 1 then return false end
  -- Two texts that differ in unused bits alone would be one signature with
  -- two spellings.
  local value = VALUE[byte(text, last)]
  return value ~= nil and value % (rest == 2 and 16 or 4) == 0
end

--- True for a text that stands for exactly one string of bytes. HAProxy does
-- not leave the C locale, so %w is ASCII's.
function base64url.is_strict(text)
  return not find(text, "[^%w_-]") and base64url.is_whole(text)
end

--- Decodes, or returns nil where the text is not strict.
function base64url.decode(text)
  if not base64url.is_strict(text) then return nil end
  local out, n = {}, 0
  for i = 1, #text, 4 do
    local a, b, c, d = byte(text, i, i + 3)
    local bits = VALUE[a] << 18 | VALUE[b] << 12
      | (c and VALUE[c] or 0) << 6 | (d and VALUE[d] or 0)
    n = n + 1
    if d then
      out[n] = char(bits >> 16, bits >> 8 & 255, bits & 255)
    elseif c then
      out[n] = char(bits >> 16, bits >> 8 & 255)
    else
      out[n] = char(bits >> 16)
    end
  end
  return concat(out)
end

local function letter(bits)
  return char(byte(ALPHABET, bits + 1))
end

--- Encodes bytes without padding.
function base64url.encode(bytes)
  local out, n = {}, 0
  for i = 1, #bytes, 3 do
    local a, b, c = byte(bytes, i, i + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    n = n + 1
    out[n] = letter(bits >> 18) .. letter(bits >> 12 & 63)
      .. (b and letter(bits >> 6 & 63) or "")
      .. (c and letter(bits & 63) or "")
  end
  return concat(out)
end

return base64url
