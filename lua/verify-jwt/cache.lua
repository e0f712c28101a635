--- Knows which verdicts are still good: bounded in number and bytes, with
-- eviction in constant time. Knows nothing of HAProxy; the times are given.

local digest = require("openssl.digest")

local clock = require("verify-jwt.clock")
local uninterrupted = require("verify-jwt.uninterrupted")
local verdict = require("verify-jwt.verdict")

local sub = string.sub

local LAG_SECONDS = clock.LAG_SECONDS
local KEY, REASON = verdict.KEY, verdict.REASON
local BODY, HEADER = verdict.BODY, verdict.HEADER
local VARIABLES, UNTIL = verdict.VARIABLES, verdict.UNTIL
local FINAL = verdict.FINAL
local WALL_END, MONOTONIC_END = verdict.WALL_END, verdict.MONOTONIC_END
local WEIGHT, SEQ, TAGS = verdict.WEIGHT, verdict.SEQ, verdict.TAGS

-- Lua hashes only some characters of a long string, so outsiders could make
-- thousands of refused texts that fall on one slot. Up to 40 characters it
-- hashes them all: the end of the token (its signature, or its tag) finds a
-- refusal, and the whole text's digest is compared then. Nobody outside can
-- choose a valid token's characters, so those are found by their whole text.
local SLOT_CHARACTERS = 40

-- What an entry weighs beside its texts; measured.
local ENTRY_BYTES = 420
local VARIABLE_BYTES, TAG_BYTES = 60, 200

local cache = {}

--- Stands for a refused text, which outsiders choose as long as may be.
local function digest_of(text)
  return digest.new("sha256"):final(text)
end

local function weight_of(entry)
  local bytes = ENTRY_BYTES + #entry[KEY]
  if entry[BODY] then bytes = bytes + #entry[BODY] end
  if entry[HEADER] then bytes = bytes + #entry[HEADER] end
  local variables = entry[VARIABLES]
  if variables then
    for i = 2, #variables, 2 do
      bytes = bytes + VARIABLE_BYTES + #variables[i]
    end
  end
  return bytes
end

--- Two generations: entries go to the young one; when it holds half of what
-- is allowed it becomes the old one, and the old one is dropped whole. What
-- is used moves back to the young one.
local function store(max_entries, max_bytes)
  local old, count, bytes = {}, 0, 0
  local old_count, old_bytes = 0, 0
  -- Tag -> the one record that all its entries share; each generation knows
  -- the tags of its own entries, also of those that were taken out: they weigh
  -- until it is dropped.
  local young_tags, old_tags = {}, {}
  local self = { young = {} }

  local function note_tags(entry)
    local tags = entry[TAGS]
    if not tags then return end
    for i = 1, #tags do
      local record = tags[i]
      if type(record) == "string" then
        record = young_tags[record] or old_tags[record]
          or { tag = record, changed = -1 }
        tags[i] = record
      end
      if not young_tags[record.tag] then bytes = bytes + TAG_BYTES end
      young_tags[record.tag] = record
    end
  end

  local function put(slot, entry)
    local weight, tags = entry[WEIGHT], entry[TAGS]
    local most = bytes + weight + (tags and TAG_BYTES * #tags or 0)
    if count >= max_entries // 2 or most > max_bytes // 2 then
      old, old_count, old_bytes = self.young, count, bytes
      self.young, count, bytes = {}, 0, 0
      old_tags, young_tags = young_tags, {}
    end
    note_tags(entry)
    local before = self.young[slot]
    if before then
      bytes = bytes - before[WEIGHT]
    else
      count = count + 1
    end
    self.young[slot], bytes = entry, bytes + weight
  end

  local function remove_old(slot)
    if old[slot] then old[slot], old_count = nil, old_count - 1 end
  end

  --- Puts an entry in, or moves it on from the old generation.
  local function enter(slot, entry)
    remove_old(slot)
    put(slot, entry)
  end

  local function move(slot)
    local entry = old[slot]
    if entry then enter(slot, entry) end
    return entry
  end

  local function remove(slot)
    local entry = self.young[slot]
    if entry then
      count, bytes = count - 1, bytes - entry[WEIGHT]
      self.young[slot] = nil
    end
    remove_old(slot)
  end

  --- To be called uninterrupted.
  function self.put(slot, entry)
    entry[WEIGHT] = weight_of(entry)
    if max_entries < 2 or entry[WEIGHT] > max_bytes // 2 then return end
    enter(slot, entry)
  end

  function self.get(slot)
    local entry = self.young[slot]
    if entry then return entry end
    if not old[slot] then return nil end
    uninterrupted(function() entry = move(slot) end)
    return entry
  end

  function self.remove(slot)
    uninterrupted(function() remove(slot) end)
  end

  --- An upper bound: what has moved on is counted in both generations.
  function self.bytes()
    return bytes + old_bytes
  end

  --- Makes everything stale that bears a tag and was judged before. To be
  -- called uninterrupted, as `clear`.
  function self.change(tag, seq)
    local record = young_tags[tag] or old_tags[tag]
    if record then record.changed = seq end
  end

  function self.entries()
    return count + old_count
  end

  function self.clear()
    self.young, count, bytes = {}, 0, 0
    old, old_count, old_bytes = {}, 0, 0
    young_tags, old_tags = {}, {}
  end

  return self
end

--- Creates a cache.
-- @param options { entries, bytes, refusals, stale } the bounds: of verdicts,
--   of what they weigh, and of refusals, which have a place of their own so
--   that bad tokens cannot push out good ones; and how many seconds a valid
--   verdict may still be asked for after its time
function cache.create(options)
  local good = store(options.entries, options.bytes)
  local bad = store(options.refusals, options.bytes // 8)
  local stale = options.stale or 0
  -- `good.young` holds the valid verdicts of late, by their texts: where most
  -- that are asked for are found. Whoever takes one from there has to hold it
  -- against all that `get_valid` does.
  local self = { good = good }

  local function is_fresh(entry, wall, monotonic)
    return wall < entry[WALL_END] and wall < entry[UNTIL]
      and monotonic < entry[MONOTONIC_END]
  end

  local function is_changed(entry)
    local tags = entry[TAGS]
    if not tags then return false end
    local seq = entry[SEQ]
    for i = 1, #tags do
      if tags[i].changed > seq then return true end
    end
    return false
  end

  --- An entry is forgotten when its time is over, and kept when only the
  -- ticker of the clock is late.
  local function get_fresh(from, key, entry, wall, monotonic)
    if is_fresh(entry, wall, monotonic) then return entry end
    local is_late = monotonic < math.huge
      and monotonic >= entry[MONOTONIC_END] + stale
    if is_late or wall >= entry[WALL_END] + stale or wall >= entry[UNTIL] then
      from.remove(key)
    end
    return nil
  end

  --- The valid verdict for exactly this text, if it is still good.
  -- @param wall      os.time()
  -- @param monotonic seconds of a clock that nobody sets, clock.coarse's
  function self.get_valid(text, wall, monotonic)
    local entry = good.get(text)
    if not entry then return nil end
    if is_changed(entry) then
      good.remove(text)
      return nil
    end
    return get_fresh(good, text, entry, wall, monotonic)
  end

  --- Puts a verdict of the same weight and times in the place of a text's.
  function self.swap(text, entry)
    if good.young[text] then good.young[text] = entry end
  end

  --- The valid verdict for exactly this text, if it was still good some
  -- seconds ago (`stale` of the options) and has not expired.
  function self.get_stale(text, wall, monotonic)
    local entry = good.get(text)
    if not entry or is_changed(entry) or wall >= entry[UNTIL]
      or wall >= entry[WALL_END] + stale
      or monotonic >= entry[MONOTONIC_END] + stale then
      return nil
    end
    return entry
  end

  --- The same, or a refusal for exactly this text.
  function self.get(text, wall, monotonic)
    local entry = self.get_valid(text, wall, monotonic)
    if entry then return entry end
    local slot = sub(text, -SLOT_CHARACTERS)
    entry = bad.get(slot)
    if not entry or entry[KEY] ~= digest_of(text) then return nil end
    -- A lifted rule lets pass again what it refused.
    if is_changed(entry) then
      bad.remove(slot)
      return nil
    end
    return get_fresh(bad, slot, entry, wall, monotonic)
  end

  --- Keeps a verdict for `ttl` seconds from the two moments given, which
  -- must lie before the judgement. Outages, and refusals that time could
  -- mend, are not kept. To be called uninterrupted.
  function self.put(text, entry, ttl, wall, monotonic)
    local valid = entry[REASON] == "ok"
    if ttl <= 0 or not (valid or entry[FINAL]) then return end
    entry[KEY] = valid and text or digest_of(text)
    -- wall is a moment's whole seconds, so this ends up to one second early
    -- and never late.
    entry[WALL_END] = wall + ttl
    entry[MONOTONIC_END] = monotonic + ttl - LAG_SECONDS
    if valid then
      good.put(text, entry)
    else
      bad.put(sub(text, -SLOT_CHARACTERS), entry)
    end
  end

  local function change(tags, seq)
    for _, tag in ipairs(tags) do
      good.change(tag, seq)
      bad.change(tag, seq)
    end
  end

  local function clear()
    good.clear()
    bad.clear()
  end

  --- Forgets what was judged before a change and bears one of its tags.
  function self.change(tags, seq)
    uninterrupted(function() change(tags, seq) end)
  end

  --- How many valid verdicts are kept.
  function self.entries()
    return good.entries()
  end

  --- What the verdicts kept weigh, at the most.
  function self.bytes()
    return good.bytes() + bad.bytes()
  end

  function self.clear()
    uninterrupted(clear)
  end

  return self
end

return cache
