local test = ...
local fake_txn = require("fake_txn")
local headers = require("verify-jwt.headers")
local verdict = require("verify-jwt.verdict")

local SUB = "txn.tkn.payload.sub"

local function valid()
  local entry = verdict.refusal("ok", false)
  entry[verdict.GENERATION] = "stateless"
  entry[verdict.BODY] = '{"sub":"a"}'
  entry[verdict.VARIABLES] = { SUB, "a" }
  return entry
end

local function ours(txn)
  local found = {}
  for _, header in ipairs(txn.headers) do
    if header[1]:find("tkn", 1, true) then
      found[#found + 1] = header[1] .. "=" .. header[2]
    end
  end
  return table.concat(found, " ")
end

test("writes a valid verdict, valid last", function()
  local txn = fake_txn.create({ { "host", "a" } })
  local writer = headers.create(nil)
  writer.begin(txn)
  writer.deliver(txn, valid())
  assert(ours(txn) == 'x-tkn-stateless=1 x-tkn-body={"sub":"a"}'
    .. " x-tkn-reason=ok x-tkn-valid=1")
  assert(txn.variables["txn.tkn.valid"] == "1")
  assert(txn.variables["txn.tkn.reason"] == "ok")
  assert(txn.variables["txn.tkn.stateless"] == "1")
  assert(txn.variables[SUB] == "a")
  assert(txn.last_variable == "txn.tkn.valid")
end)

test("writes a JWE's header and a stale verdict's detail", function()
  local txn = fake_txn.create({})
  local writer, entry = headers.create(nil), valid()
  entry[verdict.HEADER], entry[verdict.DETAIL] = "{}", "stale"
  writer.begin(txn)
  writer.deliver(txn, entry)
  assert(ours(txn):find("x-tkn-header={}", 1, true))
  assert(txn.variables["txn.tkn.detail"] == "stale")
  assert(txn.variables["txn.tkn.valid"] == "1")
end)

test("writes a refusal without claims", function()
  local txn = fake_txn.create({})
  local writer = headers.create(nil)
  writer.begin(txn)
  writer.deliver(txn, verdict.refusal("E_TKN_INVALID", "signature"))
  assert(ours(txn) == "x-tkn-detail=signature x-tkn-reason=E_TKN_INVALID"
    .. " x-tkn-valid=0")
  assert(txn.variables["txn.tkn.valid"] == "0")
end)

local SPELLINGS = {
  "x-tkn-valid", "x_tkn_valid", "x.tkn.valid", "x~tkn-body", "x-tkn",
  "x-tkn_", "x_tkn", "x-tkn-", "x!tkn!valid", "x-tkn.payload",
}
for _, name in ipairs(SPELLINGS) do
  test("clears a client's " .. name, function()
    local txn = fake_txn.create({ { name, "1" }, { name, "1" } })
    headers.create(nil).begin(txn)
    assert(ours(txn) == "x-tkn-valid=0")
  end)
end

for _, name in ipairs({ "x-tknx", "xtkn", "x-other-tkn", "ax-tkn-valid" }) do
  test("leaves a client's " .. name, function()
    local txn = fake_txn.create({ { name, "1" } })
    headers.create(nil).begin(txn)
    assert(ours(txn):find(name .. "=1", 1, true))
  end)
end

-- The next header that HAProxy has no room for, by place.
for dropped = 1, 4 do
  test(("refuses when header %d is dropped"):format(dropped), function()
    local txn = fake_txn.create({})
    local writer = headers.create(nil)
    writer.begin(txn)
    txn.drop_at = dropped
    writer.deliver(txn, valid())
    assert(ours(txn) == "x-tkn-detail=too_large x-tkn-reason=E_TKN_INVALID"
      .. " x-tkn-valid=0")
    assert(txn.variables["txn.tkn.valid"] == "0")
    assert(txn.variables[SUB] == nil and not txn.variables["txn.tkn.stateless"])
  end)
end

for _, name in ipairs({ SUB, "txn.tkn.reason", "txn.tkn.stateless" }) do
  test("refuses when there is no room for " .. name, function()
    local txn = fake_txn.create({})
    local writer = headers.create({ SUB })
    writer.begin(txn)
    txn.full_once = name
    writer.deliver(txn, valid())
    assert(txn.variables["txn.tkn.valid"] == "0")
    assert(txn.variables[SUB] == nil)
  end)
end

test("leaves no verdict at all when nothing fits", function()
  local txn = fake_txn.create({})
  local writer = headers.create(nil)
  writer.begin(txn)
  txn.drop_all = true
  writer.deliver(txn, valid())
  assert(txn.variables["txn.tkn.valid"] == nil)
end)

for _, names in ipairs({ { SUB }, false }) do
  test("leaves nothing of a first verdict beside a second", function()
    local txn = fake_txn.create({})
    local writer = headers.create(names or nil)
    writer.begin(txn)
    writer.deliver(txn, valid())
    writer.begin(txn)
    assert(next(txn.variables) == nil)
    writer.deliver(txn, verdict.refusal("E_TKN_INVALID", "missing"))
    assert(txn.variables[SUB] == nil)
    assert(txn.variables["txn.tkn.valid"] == "0")
    assert(not ours(txn):find("body", 1, true))
  end)
end
