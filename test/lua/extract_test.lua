local test = ...
local extract = require("verify-jwt.extract")

local SCHEMES = { jwt = true, bearer = true }

local HEADERS = {
  { "a JWT scheme", "JWT a.b.c", "a.b.c" },
  { "a Bearer scheme", "Bearer a.b.c", "a.b.c" },
  { "a scheme in other case", "bEARER a.b.c", "a.b.c" },
  { "another scheme", "Basic a2V5", nil, nil },
  { "a scheme that only begins alike", "JWTx a.b.c", nil, nil },
  { "Digest's commas", 'Digest a="b", c="d"', nil, nil },
  { "an empty value", "", nil, nil },
  { "a scheme alone", "Bearer", nil, nil },
  { "a scheme and a space", "Bearer ", nil, nil },
  { "two spaces", "Bearer  a.b.c", nil, "malformed" },
  { "a tab", "Bearer\ta.b.c", nil, "malformed" },
  { "a tab in the token", "Bearer a.b\t.c", nil, "malformed" },
  { "a third word", "Bearer a.b.c d", nil, "malformed" },
  { "two values in one", "Bearer a.b.c, Bearer d.e.f", nil, "ambiguous" },
  { "a comma at the end", "Bearer a.b.c,", nil, "ambiguous" },
  { "ours behind another", "Basic a2V5, Bearer a.b.c", nil, "ambiguous" },
  { "ours behind a tight comma", "Basic a,JWT a.b.c", nil, "ambiguous" },
}
for _, row in ipairs(HEADERS) do
  test("reads " .. row[1], function()
    local text, detail = extract.from_authorization(row[2], SCHEMES)
    assert(text == row[3] and detail == row[4])
  end)
end

local QUERIES = {
  { "a=1&t=x.y&b=2", { "x.y" }, "a=1&b=2" },
  { "t=x", { "x" }, "" }, { "a=1", {}, "a=1" }, { "", {}, "" },
  { "t=x&t=y", { "x", "y" }, "" }, { "t", {}, "" },
  { "t=", {}, "" }, { "a=1&t=&t=x", { "x" }, "a=1" },
  { "%74=x&a=1", { "x" }, "a=1" }, { "T=x", {}, "T=x" },
  { "t=%2e", { "." }, "" }, { "tt=x", {}, "tt=x" },
  { "a=t=x", {}, "a=t=x" }, { "t=a=b", { "a=b" }, "" },
}
for _, row in ipairs(QUERIES) do
  test("takes the parameter out of " .. row[1], function()
    local values, rest = extract.from_query(row[1], "t")
    assert(table.concat(values, "|") == table.concat(row[2], "|"))
    assert(#values == #row[2] and rest == row[3])
  end)
end

local COOKIES = {
  { "t=x", { "x" } }, { "a=1; t=x; b=2", { "x" } }, { 't="x"', { "x" } },
  { "t=x; t=y", { "x", "y" } }, { "a=1", {} }, { "tt=1", {} },
  { "T=1", {} }, { "t", {} }, { "a=t=1", {} }, { "t = x", { "x" } },
  { "t=a=b", { "a=b" } }, { "", {} }, { "t=", {} }, { 't=""', {} },
  { "t=; t=x", { "x" } },
}
for _, row in ipairs(COOKIES) do
  test("reads the cookie of " .. row[1], function()
    local values = extract.from_cookies(row[1], "t")
    assert(table.concat(values, "|") == table.concat(row[2], "|"))
    assert(#values == #row[2])
  end)
end

-- Processor seconds that none of these takes when the time grows with the
-- length; with its square or its cube all of them do.
local ENOUGH_SECONDS = 0.5
local LONG = {
  { "blanks without a value", "a=b;" .. (" "):rep(20000) .. "x" },
  { "blanks inside a value", "t=x" .. (" "):rep(20000) .. "x" },
  { "blanks alone", "t=" .. (" "):rep(20000) },
  { "equals signs", "t" .. ("="):rep(20000) },
  { "semicolons", (";"):rep(20000) },
  { "blanks before every sign", (" ="):rep(10000) },
}
for _, row in ipairs(LONG) do
  test("takes no time for a cookie of " .. row[1], function()
    local before = os.clock()
    extract.from_cookies(row[2], "t")
    extract.from_query(row[2], "t")
    extract.from_authorization("Basic " .. row[2]:gsub(";", ","), {})
    assert(os.clock() - before < ENOUGH_SECONDS)
  end)
end
