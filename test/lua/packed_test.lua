local test = ...
local packed = require("verify-jwt.packed")
local verdict = require("verify-jwt.verdict")

local USERNAME, SUB = "txn.tkn.payload.username", "txn.tkn.payload.sub"
local packer = packed.create({ USERNAME, SUB })

local function valid(variables)
  local entry = verdict.refusal("ok", false)
  entry[verdict.GENERATION] = "stateless"
  entry[verdict.BODY] = '{"a":1}'
  entry[verdict.VARIABLES] = variables or { USERNAME, "bob", SUB, "7" }
  return entry
end

local function pack(entry)
  return packer.pack(entry)[verdict.PACKED]
end

--- What the configuration's `bytes` and `field` make of a text.
local function slot(text, from)
  return text:sub(from + 1, from + 64):match("\3(.*)\3")
end

test("lays a verdict out as haproxy.cfg takes it apart", function()
  local text = pack(valid())
  assert(text:sub(1, 2) == "s1")
  assert(slot(text, 2) == "bob" and slot(text, 66) == "7")
  assert(text:sub(131) == '{"a":1}')
end)

test("follows the order of the setting, not of the answer", function()
  local text = pack(valid({ SUB, "7", USERNAME, "bob" }))
  assert(slot(text, 2) == "bob" and slot(text, 66) == "7")
end)

test("tells an empty claim from a missing one", function()
  local text = pack(valid({ SUB, "" }))
  assert(slot(text, 2) == nil and slot(text, 66) == "")
end)

test("unpacks what it packed", function()
  local entry = valid({ SUB, "7" })
  entry[verdict.GENERATION] = "legacy"
  local copy = packer.unpack(packer.pack(entry))
  assert(copy[verdict.GENERATION] == "legacy")
  assert(copy[verdict.BODY] == '{"a":1}')
  assert(table.concat(copy[verdict.VARIABLES], "|") == SUB .. "|7")
  assert(copy[verdict.REASON] == "ok")
end)

test("leaves whole what a request may be writing at this moment", function()
  local entry = valid()
  local variables = entry[verdict.VARIABLES]
  assert(packer.pack(entry) ~= entry and not entry[verdict.PACKED])
  assert(entry[verdict.BODY] == '{"a":1}')
  assert(entry[verdict.VARIABLES] == variables)
end)

local NOT_PACKED = {
  { "a claim without room", function(e)
    e[verdict.VARIABLES] = { SUB, ("x"):rep(63) }
  end },
  { "a claim that holds the mark", function(e)
    e[verdict.VARIABLES] = { SUB, "a\3b" }
  end },
  { "a claim that is not asked for", function(e)
    e[verdict.VARIABLES] = { "txn.tkn.payload.role", "x" }
  end },
  { "a JWE", function(e) e[verdict.HEADER] = "{}" end },
  { "a verdict without claims", function(e) e[verdict.BODY] = false end },
  { "a refusal", function(e) e[verdict.REASON] = "E_TKN_INVALID" end },
  { "a verdict without a generation", function(e)
    e[verdict.GENERATION] = false
  end },
}
for _, row in ipairs(NOT_PACKED) do
  test("leaves to the action " .. row[1], function()
    local entry = valid()
    row[2](entry)
    local body, variables = entry[verdict.BODY], entry[verdict.VARIABLES]
    assert(packer.pack(entry) == entry and entry[verdict.PACKED] == "")
    assert(entry[verdict.BODY] == body)
    assert(entry[verdict.VARIABLES] == variables)
  end)
end

test("packs nothing where all claims are variables", function()
  assert(packed.create(nil).pack(valid())[verdict.PACKED] == "")
end)
