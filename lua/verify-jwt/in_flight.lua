--- Knows which questions are open: how many count, so that a server is not
-- asked more than it can answer, and which are overdue.

local uninterrupted = require("verify-jwt.uninterrupted")

-- Questions that count; others wait for their turn, and look for it so often.
local MAX_COUNTED = 512
local FIRST_NAP_MS, LONGEST_NAP_MS = 8, 64
-- With those that count no more; each holds a connection.
local MAX_OPEN = 4096
-- HAProxy ends an action without a word when its client is gone, and nobody
-- reads the answer. When one that was put so much later has been answered, an
-- earlier question is not what keeps the server busy, and counts no more.
local OVERTAKEN_SECONDS = 0.1
-- An overdue socket of another thread counts no longer than this.
local GIVE_UP_SECONDS = 5

local in_flight = {}

--- @param now function() -> monotonic seconds
-- @param nap function(milliseconds)
function in_flight.create(now, nap)
  local deadlines = {}  -- socket -> deadline
  local counted = {}    -- socket -> since when; of those that count
  -- How many; put right by `sweep`, as two may count at once.
  local count, open = 0, 0
  -- When the latest question was put that has been answered: by any server,
  -- and by each.
  local newest_answered, newest_of = -math.huge, {}
  local self = {}

  --- @param moment monotonic seconds of now
  function self.note(socket, deadline, moment)
    deadlines[socket], counted[socket] = deadline, moment
    count, open = count + 1, open + 1
  end

  function self.forget(socket)
    if not deadlines[socket] then return end
    if counted[socket] then counted[socket], count = nil, count - 1 end
    deadlines[socket], open = nil, open - 1
  end

  --- A server has answered a question that was put at a moment.
  function self.answered(server, moment)
    if moment > newest_answered then newest_answered = moment end
    if moment > (newest_of[server.id] or -math.huge) then
      newest_of[server.id] = moment
    end
  end

  --- Whether a server has answered a later question than one of a moment.
  function self.is_overtaken(server, moment)
    return (newest_of[server.id] or -math.huge) > moment
  end

  function self.is_full()
    return count >= MAX_COUNTED or open >= MAX_OPEN
  end

  --- Waits while too many are open; false when it took too long.
  function self.wait_for_turn(deadline)
    local pause = FIRST_NAP_MS
    while self.is_full() do
      nap(pause)
      if now() >= deadline then return false end
      pause = math.min(pause * 2, LONGEST_NAP_MS)
    end
    return true
  end

  local function count_anew(time)
    local overdue = {}
    count, open = 0, 0
    for socket, deadline in pairs(deadlines) do
      open = open + 1
      if time > deadline then overdue[#overdue + 1] = socket end
      local since = counted[socket]
      if since and since < newest_answered - OVERTAKEN_SECONDS then
        counted[socket] = nil
      elseif since then
        count = count + 1
      end
    end
    return overdue
  end

  --- Ends what is overdue, a drip that keeps a socket's own time-out from
  -- striking among it.
  function self.sweep(time)
    local overdue
    uninterrupted(function() overdue = count_anew(time) end)
    for _, socket in ipairs(overdue) do
      -- A socket of another thread refuses; in time the task will run there.
      local closed = pcall(socket.close, socket)
      if closed or time > (deadlines[socket] or 0) + GIVE_UP_SECONDS then
        self.forget(socket)
      end
    end
  end

  return self
end

return in_flight
