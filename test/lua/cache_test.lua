local test = ...
local cache = require("verify-jwt.cache")
local verdict = require("verify-jwt.verdict")

local NOW, TIME = 1700000000, 5000.5

local function create(options)
  options = options or {}
  return cache.create({
    entries = options.entries or 100, refusals = options.refusals or 10,
    bytes = options.bytes or 1000000,
  })
end

local function valid(ends)
  local entry = verdict.refusal("ok", false)
  entry[verdict.UNTIL] = ends or math.huge
  entry[verdict.BODY] = "{}"
  return entry
end

local function final()
  local entry = verdict.refusal("E_TKN_INVALID", "signature")
  entry[verdict.FINAL] = true
  return entry
end

local function text(n)
  return ("Bearer header.payload.%050d"):format(n)
end

test("gives back what it was given", function()
  local known, entry = create(), valid()
  known.put(text(1), entry, 3, NOW, TIME)
  assert(known.get(text(1), NOW, TIME) == entry)
  assert(known.get_valid(text(1), NOW + 2, TIME + 2) == entry)
end)

test("keeps a final refusal", function()
  local known, entry = create(), final()
  known.put(text(1), entry, 3, NOW, TIME)
  assert(known.get(text(1), NOW, TIME) == entry)
  assert(known.get_valid(text(1), NOW, TIME) == nil)
end)

test("moves what is used to the young generation", function()
  local known, entry = create({ entries = 8 }), valid()
  known.put(text(0), entry, 60, NOW, TIME)
  for i = 1, 100 do
    known.put(text(i), valid(), 60, NOW, TIME)
    assert(known.get(text(0), NOW, TIME) == entry)
  end
end)

test("counts what it keeps, in both generations, once", function()
  local known = create({ entries = 8 })
  for i = 1, 6 do known.put(text(i), valid(), 60, NOW, TIME) end
  assert(known.entries() == 6)
  known.get(text(1), NOW, TIME)
  assert(known.entries() == 6)
  for i = 7, 9 do known.put(text(i), valid(), 60, NOW, TIME) end
  assert(known.entries() == 6)
  known.clear()
  assert(known.entries() == 0)
end)

local LATER = {
  { "at the time to live by the wall clock", NOW + 3, TIME },
  { "at the time to live by the other clock", NOW, TIME + 2.9 },
  { "after the clock was set back", NOW - 3600, TIME + 3 },
  { "after a pause that one clock missed", NOW + 3600, TIME },
}
for _, row in ipairs(LATER) do
  test("gives nothing " .. row[1], function()
    local known = create()
    known.put(text(1), valid(), 3, NOW, TIME)
    known.put(text(2), final(), 3, NOW, TIME)
    assert(known.get(text(1), row[2], row[3]) == nil)
    assert(known.get_valid(text(1), NOW, TIME) == nil)
    assert(known.get(text(2), row[2], row[3]) == nil)
  end)
end

test("gives nothing while the clock does not tick, and keeps it", function()
  local known, entry = create(), valid()
  known.put(text(1), entry, 3, NOW, TIME)
  assert(known.get(text(1), NOW, math.huge) == nil)
  assert(known.get(text(1), NOW, TIME) == entry)
end)

--- A verdict that must be forgotten for its tags.
local function tagged(seq, ...)
  local entry = valid()
  entry[verdict.SEQ], entry[verdict.TAGS] = seq, { ... }
  return entry
end

test("forgets for a tag what was judged before, and nothing else", function()
  local known = create()
  known.put(text(1), tagged(7, "a"), 60, NOW, TIME)
  known.put(text(2), tagged(7, "b", "a"), 60, NOW, TIME)
  known.put(text(3), tagged(7, "b"), 60, NOW, TIME)
  known.change({ "a", "unknown" }, 8)
  known.put(text(4), tagged(8, "a"), 60, NOW, TIME)
  assert(not known.get(text(1), NOW, TIME))
  assert(not known.get_valid(text(2), NOW, TIME))
  assert(known.get(text(3), NOW, TIME) and known.get(text(4), NOW, TIME))
end)

test("forgets for a tag what was refused before, too", function()
  local known = create()
  local function revoked(seq, tag)
    local entry = verdict.refusal("E_TKN_INVALID", "revoked")
    entry[verdict.FINAL] = true
    entry[verdict.SEQ], entry[verdict.TAGS] = seq, { tag }
    return entry
  end
  known.put(text(1), revoked(7, "a"), 60, NOW, TIME)
  known.put(text(2), revoked(7, "b"), 60, NOW, TIME)
  known.put(text(3), final(), 60, NOW, TIME)
  known.change({ "a" }, 8)
  assert(not known.get(text(1), NOW, TIME))
  assert(known.get(text(2), NOW, TIME) and known.get(text(3), NOW, TIME))
end)

test("forgets a refusal for what its token says, too", function()
  local known = create()
  local entry = final()
  entry[verdict.SEQ], entry[verdict.TAGS] = 7, { "a" }
  known.put(text(1), entry, 60, NOW, TIME)
  known.put(text(2), final(), 60, NOW, TIME)
  known.change({ "a" }, 8)
  assert(not known.get(text(1), NOW, TIME) and known.get(text(2), NOW, TIME))
end)

test("finds a tag's verdicts in both generations", function()
  local known = create({ entries = 8 })
  known.put(text(0), tagged(1, "a"), 60, NOW, TIME)
  for i = 1, 4 do known.put(text(i), tagged(1, "b"), 60, NOW, TIME) end
  known.put(text(9), tagged(1, "a"), 60, NOW, TIME)
  known.change({ "a" }, 2)
  assert(not known.get(text(0), NOW, TIME))
  assert(not known.get(text(9), NOW, TIME))
  assert(known.get(text(4), NOW, TIME))
end)

test("finds a tag after its verdict has moved back", function()
  local known = create({ entries = 8 })
  known.put(text(0), tagged(1, "a"), 60, NOW, TIME)
  for i = 1, 40 do
    known.put(text(i), tagged(1, "b"), 60, NOW, TIME)
    assert(known.get(text(0), NOW, TIME))
  end
  known.change({ "a" }, 2)
  assert(not known.get(text(0), NOW, TIME))
end)

test("gives a stale verdict for as long as it was told", function()
  local known = cache.create({
    entries = 100, refusals = 10, bytes = 1000000, stale = 5,
  })
  local entry = tagged(1, "a")
  known.put(text(1), entry, 3, NOW, TIME)
  assert(not known.get(text(1), NOW + 4, TIME + 4))
  assert(known.get_stale(text(1), NOW + 7, TIME + 7) == entry)
  assert(not known.get_stale(text(1), NOW + 8, TIME + 7))
  assert(not known.get_stale(text(1), NOW + 7, TIME + 8))
  known.change({ "a" }, 2)
  assert(not known.get_stale(text(1), NOW + 4, TIME + 4))
end)

test("gives no expired verdict as a stale one", function()
  local known = cache.create({
    entries = 100, refusals = 10, bytes = 1000000, stale = 5,
  })
  known.put(text(1), valid(NOW + 4), 3, NOW, TIME)
  assert(known.get_stale(text(1), NOW + 3, TIME + 3))
  assert(not known.get_stale(text(1), NOW + 4, TIME + 4))
end)

test("gives nothing at the moment a token expires", function()
  local known = create()
  known.put(text(1), valid(NOW + 1), 60, NOW, TIME)
  assert(known.get(text(1), NOW, TIME))
  assert(known.get(text(1), NOW + 1, TIME) == nil)
  assert(known.get(text(1), NOW, TIME) == nil)
end)

local NOT_KEPT = {
  { "an outage", verdict.unavailable, 3 },
  { "a failure inside", verdict.internal, 3 },
  { "a refusal that time may mend",
    verdict.refusal("E_TKN_INVALID", "not_yet_valid"), 3 },
  { "anything with no time to live", valid(), 0 },
}
for _, row in ipairs(NOT_KEPT) do
  test("does not keep " .. row[1], function()
    local known = create()
    known.put(text(1), row[2], row[3], NOW, TIME)
    assert(known.get(text(1), NOW, TIME) == nil)
  end)
end

local OTHERS = {
  { "one with the same beginning", text(1) .. "x" },
  { "one cut short", text(1):sub(1, -2) },
  { "one with the same signature", "Bearer header.paylaod"
    .. text(1):sub(-51) },
  { "one in another case", text(1):upper() },
  { "an empty text", "" },
}
for _, row in ipairs(OTHERS) do
  test("does not find for a text " .. row[1], function()
    local known = create()
    known.put(text(1), valid(), 3, NOW, TIME)
    known.put("J" .. text(1):sub(2), final(), 3, NOW, TIME)
    assert(known.get(row[2], NOW, TIME) == nil)
  end)
end

test("holds no more verdicts than it may", function()
  local known = create({ entries = 10 })
  for i = 1, 1000 do known.put(text(i), valid(), 60, NOW, TIME) end
  local held = 0
  for i = 1, 1000 do
    if known.get(text(i), NOW, TIME) then held = held + 1 end
  end
  assert(held >= 5 and held <= 10)
end)

test("holds no more bytes than it may", function()
  local known = create({ entries = 1000, bytes = 20000 })
  for i = 1, 1000 do
    known.put(text(i) .. ("x"):rep(1000), valid(), 60, NOW, TIME)
    assert(known.bytes() <= 20000 + 20000 // 8)
  end
end)

test("counts subjects of verdicts that are gone, and drops them in time",
  function()
    local known = create({ entries = 1000, bytes = 200000 })
    local most = 0
    for i = 1, 5000 do
      local entry = valid(NOW + 1)
      entry[verdict.TAGS] = { "user " .. i }
      known.put(text(i), entry, 60, NOW, TIME)
      assert(known.get(text(i), NOW, TIME))
      -- Over, and taken out.
      assert(known.get(text(i), NOW + 1, TIME + 1) == nil)
      most = math.max(most, known.bytes())
    end
    assert(known.entries() == 0)
    -- Of a record of 200 bytes for each there are some, and not all.
    assert(most > 50000 and most <= 200000 + 200000 // 8)
  end)

test("does not push valid verdicts out for refusals", function()
  local known = create({ entries = 10, refusals = 4 })
  for i = 1, 5 do known.put(text(i), valid(), 60, NOW, TIME) end
  for i = 6, 10000 do known.put(text(i), final(), 60, NOW, TIME) end
  for i = 1, 5 do assert(known.get(text(i), NOW, TIME)) end
end)

test("keeps one refusal for texts with one end", function()
  local known = create({ refusals = 1000 })
  local ending = ("x"):rep(50)
  for i = 1, 500 do known.put(i .. ending, final(), 60, NOW, TIME) end
  assert(known.get("500" .. ending, NOW, TIME))
  for i = 1, 499 do assert(not known.get(i .. ending, NOW, TIME)) end
end)

test("forgets everything when told to", function()
  local known = create()
  known.put(text(1), valid(), 60, NOW, TIME)
  known.put(text(2), final(), 60, NOW, TIME)
  known.clear()
  assert(not known.get(text(1), NOW, TIME))
  assert(not known.get(text(2), NOW, TIME))
  assert(known.bytes() == 0)
end)

test("keeps nothing where the bound is none", function()
  local known = create({ entries = 0, bytes = 0, refusals = 0 })
  known.put(text(1), valid(), 60, NOW, TIME)
  assert(not known.get(text(1), NOW, TIME))
end)
