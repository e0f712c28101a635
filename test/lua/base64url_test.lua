local test = ...
local base64url = require("verify-jwt.base64url")

local SAME = {
  { "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" },
  { "\0\255\254", "AP_-" }, { ("\255"):rep(5), "______8" },
}
for _, row in ipairs(SAME) do
  test("encodes and decodes " .. row[2], function()
    assert(base64url.encode(row[1]) == row[2])
    assert(base64url.decode(row[2]) == row[1])
  end)
end

local REFUSED = {
  { "padding", "Zg==" }, { "the other alphabet", "AP/+" },
  { "a space", "Zm 9v" }, { "a line break", "Zm9v\n" },
  { "a lone character", "A" }, { "five characters", "AAAAA" },
  { "left-over bits after one byte", "Zh" },
  { "left-over bits after two bytes", "Zm9" },
  { "a byte above 127", "Zm9\200" }, { "a NUL", "Zm9\0" },
}
for _, row in ipairs(REFUSED) do
  test("refuses " .. row[1], function()
    assert(not base64url.is_strict(row[2]))
    assert(base64url.decode(row[2]) == nil)
  end)
end
