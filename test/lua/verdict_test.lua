local test = ...
local cjson = require("cjson")
local verdict = require("verify-jwt.verdict")

local GOOD = {
  valid = "1", reason = "ok", stateless = "1", body = '{"sub":"a"}',
  vars = { sub = "a" }, ["until"] = 1700000000, seq = 1, epoch = "e",
}
local REVOKED = {
  valid = "0", reason = "E_TKN_INVALID", detail = "revoked", legacy = "1",
  body = '{"sub":"a"}', vars = { sub = "a" },
}

local function with(answer, members)
  local copy = {}
  for name, value in pairs(answer) do copy[name] = value end
  for name, value in pairs(members) do
    copy[name] = value
    if value == "none" then copy[name] = nil end
  end
  return copy
end

local function parse(answer, with_claims)
  return verdict.parse(cjson.encode(answer), with_claims ~= false)
end

test("reads a valid answer", function()
  local entry = parse(GOOD)
  assert(entry[verdict.REASON] == "ok" and not entry[verdict.DETAIL])
  assert(entry[verdict.GENERATION] == "stateless")
  assert(entry[verdict.BODY] == '{"sub":"a"}')
  assert(entry[verdict.UNTIL] == 1700000000)
  assert(entry[verdict.VARIABLES][1] == "txn.tkn.payload.sub")
  assert(entry[verdict.VARIABLES][2] == "a")
  assert(not entry[verdict.FINAL])
end)

test("reads a refusal that shows claims", function()
  local entry = parse(REVOKED)
  assert(entry[verdict.DETAIL] == "revoked" and entry[verdict.BODY])
end)

test("reads a final refusal", function()
  local entry = parse({ valid = "0", reason = "E_TKN_INVALID",
    detail = "signature", final = true })
  assert(entry[verdict.FINAL] and not entry[verdict.BODY])
end)

test("takes a JWE's answer without claims from who has no key", function()
  local bare = with(GOOD, { body = "none", vars = "none",
    stateless = "none" })
  assert(parse(bare, false) and not parse(bare, true))
end)

test("gives no end to an answer without one", function()
  assert(parse(with(GOOD, { ["until"] = "none" }))[verdict.UNTIL]
    == math.huge)
end)

test("makes a JSON text of a claim that could split a line", function()
  local entry = parse(with(GOOD, { vars = { sub = "a\r\nx-tkn-valid: 1" } }))
  local value = entry[verdict.VARIABLES][2]
  assert(not value:find("%c") and value:sub(1, 1) == '"')
end)

test("takes E_BACKEND_UNAVAIL for nobody's verdict", function()
  assert(parse({ valid = "0", reason = "E_BACKEND_UNAVAIL" })
    == verdict.unavailable)
end)

local REFUSED = {
  { "valid that is a number", with(GOOD, { valid = 1 }) },
  { "valid that is true", with(GOOD, { valid = true }) },
  { "valid that is missing", with(GOOD, { valid = "none" }) },
  { "valid beside a refusal", with(GOOD, { reason = "E_TKN_INVALID" }) },
  { "valid beside a detail", with(GOOD, { detail = "expired" }) },
  { "not valid and ok", with(GOOD, { valid = "0" }) },
  { "a reason of its own", with(REVOKED, { reason = "E_OTHER" }) },
  { "a detail of its own", with(REVOKED, { detail = "x" }) },
  { "a detail that is a list", with(REVOKED, { detail = { "x" } }) },
  { "claims beside a bad signature", with(REVOKED, { detail = "signature" }) },
  { "variables beside a bad signature", with(REVOKED, {
    detail = "signature", body = "none", legacy = "none" }) },
  { "claims beside no detail", with(REVOKED, { detail = "none" }) },
  { "valid without claims", with(GOOD, { body = "none" }) },
  { "valid without a generation", with(GOOD, { stateless = "none" }) },
  { "both generations", with(GOOD, { legacy = "1" }) },
  { "a generation that is 0", with(GOOD, { stateless = "0" }) },
  { "an empty body", with(GOOD, { body = "" }) },
  { "a body that is an object", with(GOOD, { body = { sub = "a" } }) },
  { "a line break in the body", with(GOOD, { body = '{"a":\n1}' }) },
  { "a NUL in the body", with(GOOD, { body = '{"a":"\0"}' }) },
  { "a carriage return in the header", with(GOOD, { header = "{\r}" }) },
  { "variables that are a text", with(GOOD, { vars = "sub" }) },
  { "a variable that is a number", with(GOOD, { vars = { sub = 1 } }) },
  { "a variable's name with a space", with(GOOD, { vars = { ["a b"] = "" } }) },
  { "a list of variables", with(GOOD, { vars = { "a" } }) },
  { "an end that is a text", with(GOOD, { ["until"] = "1" }) },
  { "an end with a fraction", with(GOOD, { ["until"] = 1.5 }) },
  { "an end before all time", with(GOOD, { ["until"] = -1 }) },
  { "an end beyond 2^53", with(GOOD, { ["until"] = 1e300 }) },
  { "final that is a text", with(REVOKED, { final = "true" }) },
  { "null for a body", with(GOOD, { body = cjson.null }) },
}
for _, row in ipairs(REFUSED) do
  test("takes for no answer " .. row[1], function()
    assert(parse(row[2]) == nil)
  end)
end

local NO_ANSWER = {
  "", "null", "1", "[]", '"ok"', "{}", "<html></html>", "{" ,
  cjson.encode(GOOD) .. "x", cjson.encode(GOOD):sub(1, -2),
}
for i, text in ipairs(NO_ANSWER) do
  test("takes for no answer text " .. i, function()
    assert(verdict.parse(text, true) == nil)
  end)
end
