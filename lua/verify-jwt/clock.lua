--- Knows two times: the wall clock, which somebody may set, and HAProxy's
-- own, which nobody sets but which stands still while the process is stopped
-- (measured on 2.6 and 3.0). What must not outlive either is held to both.

local clock = {}

--- How far `coarse` may be behind, with a round of the event loop to spare.
clock.LAG_SECONDS = 0.1

--- A ticker that has been silent for longer is taken for dead.
clock.MAX_SILENCE_SECONDS = 2

local MAX_SILENCE_SECONDS = clock.MAX_SILENCE_SECONDS

--- @param read core.now
-- @param wall os.time
function clock.create(read, wall)
  local offset
  local self = {
    wall = wall,
    -- Both clocks at the last tick.
    ticked = -math.huge, ticked_wall = -math.huge,
  }

  --- Seconds of HAProxy's clock.
  function self.now()
    local time = read()
    return time.sec + time.usec / 1e6
  end

  --- To be called every 50 ms by a task.
  -- @return true when the wall clock was set back since the last tick
  function self.tick()
    local before, ticked, ticked_wall = self.ticked_wall, self.now(), wall()
    self.ticked, self.ticked_wall = ticked, ticked_wall
    if ticked_wall ~= before then offset = ticked_wall - ticked end
    return ticked_wall < before
  end

  --- Seconds of HAProxy's clock at the last tick, for a fraction of what
  -- asking costs. Without a recent tick it is later than any moment, so that
  -- nothing counts as fresh.
  -- @param wall_now wall()
  function self.coarse(wall_now)
    if wall_now - self.ticked_wall > MAX_SILENCE_SECONDS then
      return math.huge
    end
    return self.ticked
  end

  --- What a finer wall clock showed at a moment of HAProxy's, or a little
  -- less: the first tick of a second tells how the two lie to each other.
  function self.wall_at(moment)
    return offset and moment + offset or wall() - 1
  end

  return self
end

return clock
