--- Knows what may be remembered, and for how long: under a lease from the
-- server, or, without the verifier's key, for a time told with the question.

local uninterrupted = require("verify-jwt.uninterrupted")
local verdict = require("verify-jwt.verdict")

local FINAL, SEQ, TAGS = verdict.FINAL, verdict.SEQ, verdict.TAGS
local UNTIL = verdict.UNTIL

-- A refusal stays right for ever; this only bounds what keys, once they have
-- changed, could still be refused for.
local MAX_REFUSAL_SECONDS = 10

-- Without a lease a revocation is confirmed only when all that may be
-- remembered is over, so it must not be long; the server takes no more.
local MAX_TTL_WITHOUT_LEASE = 300

-- A memory's `bounds` are { wall_end, monotonic_end }: nothing that is
-- remembered counts from then on, by either clock. They move.
local memory = {}

local function keep_for(cache, key, entry, ttl, how)
  if entry[FINAL] then ttl = math.min(ttl, MAX_REFUSAL_SECONDS) end
  cache.put(key, entry, ttl, how.wall, how.now)
end

--- Without a lease: a verdict is remembered for `ttl` seconds, five minutes at
-- the most, and the server is told so with each question.
function memory.by_time(clock, ttl)
  local wall, now = clock.wall, clock.now
  ttl = math.min(ttl, MAX_TTL_WITHOUT_LEASE)
  local header = "X-Jwt-Ttl: " .. ttl .. "\r\n"
  local ends = ttl > 0 and math.huge or -math.huge
  local self = { bounds = { wall_end = ends, monotonic_end = ends } }

  function self.is_trusted() return ttl > 0 end

  --- Before a question is put.
  -- @param moment monotonic seconds of now
  function self.begin(moment)
    return { header = header, wall = wall(), now = moment }
  end

  function self.is_current() return true end

  --- As the cache would have it: HAProxy may have been stopped while the
  -- answer was on its way, and `now` with it.
  -- @param time wall()
  local function is_young(how, time)
    return time >= how.wall and time < how.wall + ttl
      and now() < how.now + ttl
  end

  --- Whoever waited for the answer is bound by the same rule.
  function self.may_share(how, entry)
    local time = wall()
    return how and is_young(how, time) and time < entry[UNTIL]
  end

  function self.keep(cache, key, entry, how)
    -- By a clock that was set back meanwhile it would be kept too long.
    if not is_young(how, wall()) then return end
    entry[TAGS] = false
    uninterrupted(function() keep_for(cache, key, entry, ttl, how) end)
  end

  function self.may_be_stale() return false end

  return self
end

--- Under a lease: what is remembered counts while the lease is fresh. With
-- none, every request asks, and nothing is kept.
-- @param id       function() -> the verifier's
-- @param on_epoch called when an answer comes from another store
function memory.by_lease(clock, lease, ttl, id, on_epoch)
  local wall, coarse = clock.wall, clock.coarse
  local ends = -math.huge
  local self = {
    bounds = ttl > 0 and lease or { wall_end = ends, monotonic_end = ends },
  }

  function self.is_trusted(time, tick)
    return ttl > 0 and lease.is_live(time, tick)
  end

  local function is_live_now()
    local time = wall()
    return ttl > 0 and lease.is_live(time, coarse(time))
  end

  function self.begin(moment)
    -- First: what begins after it is not kept as if it had been there.
    local epoch = lease.epoch
    local is_live = is_live_now()
    return {
      header = is_live and "X-Jwt-Verifier: " .. id() .. "\r\n"
        or "X-Jwt-Ttl: 0\r\n",
      wall = wall(), now = moment,
      -- What was applied when it was asked, and whether that may be kept.
      epoch = epoch, may_keep = is_live and epoch ~= nil,
    }
  end

  --- False for an answer that was judged before what is applied here.
  function self.is_current(how, entry, epoch)
    if epoch == nil then
      how.may_keep = false
      return not is_live_now()
    end
    if lease.epoch == nil then
      how.may_keep = false
      return true
    end
    if epoch == lease.epoch then return entry[SEQ] >= lease.seq end
    how.may_keep = false
    -- The feed was faster, and the answer is the older one.
    if how.epoch ~= lease.epoch then return false end
    -- The lease speaks of a store that is gone.
    on_epoch()
    return true
  end

  local function is_kept(how, entry)
    return how.may_keep and how.epoch == lease.epoch
      and entry[SEQ] >= lease.seq and is_live_now()
  end

  --- Whoever waited for the answer is bound by the same rule.
  function self.may_share(how, entry)
    return how and is_kept(how, entry) and wall() < entry[UNTIL]
  end

  local function keep(cache, key, entry, how)
    if not is_kept(how, entry) then return end
    -- A refusal for what a token says is dropped by its subjects' changes
    -- too: a rule can be lifted.
    if not entry[TAGS] then
      if not entry[FINAL] then return end
      entry[TAGS] = false
    end
    keep_for(cache, key, entry, ttl, how)
  end

  --- In one: the feed may apply a change between any two steps.
  function self.keep(cache, key, entry, how)
    uninterrupted(function() keep(cache, key, entry, how) end)
  end

  --- True while what is known counts where nobody can be asked.
  function self.may_be_stale(time, tick)
    return lease.is_stale(time, tick)
  end

  return self
end

return memory
