--- Looks known verdicts up for haproxy.cfg, which then needs no action: what
-- `judge` would find in the cache, in as few steps as can be. HAProxy stops
-- Lua at every instruction to count it, so each costs several times its own
-- time here, and a call of a function twenty times.

local clock = require("verify-jwt.clock")
local verdict = require("verify-jwt.verdict")

local MAX_SILENCE_SECONDS = clock.MAX_SILENCE_SECONDS
local MONOTONIC_END, PACKED = verdict.MONOTONIC_END, verdict.PACKED
local SEQ, TAGS = verdict.SEQ, verdict.TAGS
local UNTIL, WALL_END = verdict.UNTIL, verdict.WALL_END

local fast_path = {}

--- Creates the look-up: function(text) -> the text that `packed` describes,
-- for an Authorization header's value; or no value at all when the action has
-- to look: nil would become a `false` that is there. Waits for nothing.
-- @param deps { settings, cache, packer, clock, memory, counts } as `judge`'s
function fast_path.create(deps)
  local time, wall, bounds = deps.clock, deps.clock.wall, deps.memory.bounds
  local cache, packer, counts = deps.cache, deps.packer, deps.counts
  local good = cache.good

  -- A cookie or a parameter beside the header would make it ambiguous.
  if deps.settings.cookie or deps.settings.query then
    return function() end
  end

  return function(text)
    local now, tick = wall(), time.ticked
    if now - time.ticked_wall > MAX_SILENCE_SECONDS
      or tick >= bounds.monotonic_end or now >= bounds.wall_end then
      return
    end
    local entry = good.young[text] or cache.get_valid(text, now, tick)
    if not entry or now >= entry[WALL_END] or now >= entry[UNTIL]
      or tick >= entry[MONOTONIC_END] then
      return
    end
    local tags, seq = entry[TAGS], entry[SEQ]
    if tags then
      for i = 1, #tags do
        if tags[i].changed > seq then return end
      end
    end
    local packed = entry[PACKED]
    if not packed then
      entry = packer.pack(entry)
      cache.swap(text, entry)
      packed = entry[PACKED]
    end
    if packed == "" then return end
    counts.hits = counts.hits + 1
    return packed
  end
end

return fast_path
