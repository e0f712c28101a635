local test = ...
local lease = require("verify-jwt.lease")

local SENT, SENT_WALL = 5000, 1700000000.25

local function create(stale)
  local trust = lease.create(stale or false)
  trust.renew(4, SENT, SENT_WALL)
  return trust
end

test("is live from when the poll was sent", function()
  assert(create().is_live(1700000000, SENT))
  assert(create().is_live(1700000002, SENT + 2.9))
  assert(create().is_live(1700000003, SENT + 3))
end)

local ENDED = {
  { "by HAProxy's clock", 1700000000, SENT + 4 },
  { "by HAProxy's clock, whose ticks lag", 1700000000, SENT + 3.9 },
  { "by the wall clock, rounded up", 1700000004, SENT },
  { "after a pause of the process", 1700000100, SENT + 0.1 },
  { "when the wall clock was set back", 1699990000, SENT + 4 },
  { "while the ticker is silent", 1700000000, math.huge },
}
for _, row in ipairs(ENDED) do
  test("has ended " .. row[1], function()
    assert(not create().is_live(row[2], row[3]))
  end)
end

test("is not live before it was granted", function()
  assert(not lease.create(false).is_live(0, 0))
  assert(not lease.create(60).is_stale(0, 0))
end)

test("is not live after it was dropped, nor stale", function()
  local trust = create(60)
  trust.epoch, trust.seq, trust.server = "e", 1, {}
  trust.drop()
  assert(not trust.is_live(1700000000, SENT))
  assert(not trust.is_stale(1700000000, SENT))
  assert(not trust.epoch and not trust.seq and not trust.server)
end)

test("lets nothing live on in strict mode", function()
  assert(not create(false).is_stale(1700000000, SENT))
end)

test("lets the known live on for the seconds allowed, by both clocks",
  function()
    local trust = create(10)
    assert(trust.is_stale(1700000010, SENT + 10))
    assert(not trust.is_stale(1700000014, SENT + 10))
    assert(not trust.is_stale(1700000010, SENT + 14))
    assert(not trust.is_stale(1700000010, math.huge))
  end)
