--- Knows whether what is remembered may be trusted: while the lease that a
-- server granted is fresh, by every clock there is. SECURITY.md holds the
-- argument; the feed renews it.

local clock = require("verify-jwt.clock")

local LAG_SECONDS = clock.LAG_SECONDS

local lease = {}

--- @param stale_seconds how long known verdicts live on after the lease while
--   no server can be reached; false for not at all
function lease.create(stale_seconds)
  local self = {
    -- When it is over, by either clock.
    wall_end = -math.huge, monotonic_end = -math.huge,
    -- The server that granted it, and what of its store is applied here.
    server = nil, epoch = nil, seq = nil,
  }

  --- Renews it, once everything the answer carried has been applied.
  -- @param seconds   as granted
  -- @param sent      when the answered poll was sent, by HAProxy's clock
  -- @param sent_wall the same by the wall clock, clock.wall_at
  function self.renew(seconds, sent, sent_wall)
    self.monotonic_end = sent + seconds - LAG_SECONDS
    -- os.time() shows whole seconds, so its elapsed time is rounded up.
    self.wall_end = sent_wall + seconds - 1
  end

  --- True while a remembered verdict counts.
  -- @param wall      os.time()
  -- @param monotonic clock.coarse's
  function self.is_live(wall, monotonic)
    return monotonic < self.monotonic_end and wall < self.wall_end
  end

  --- True while what was known at its end counts where nobody can be asked.
  function self.is_stale(wall, monotonic)
    return stale_seconds and monotonic < self.monotonic_end + stale_seconds
      and wall < self.wall_end + stale_seconds
  end

  --- Ends it now, for good: another server, another store.
  function self.drop()
    self.wall_end, self.monotonic_end = -math.huge, -math.huge
    self.server, self.epoch, self.seq = nil, nil, nil
  end

  return self
end

return lease
