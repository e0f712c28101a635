--- Knows the feed: the long poll by which this verifier learns what to
-- forget, says what it has forgotten, and holds its lease. What is kept and
-- trusted is the cache's and the lease's matter.

local cjson = require("cjson").new()
local rand = require("openssl.rand")

local base64url = require("verify-jwt.base64url")
local uninterrupted = require("verify-jwt.uninterrupted")

local FEED_TYPE = "application/vnd.haproxy-jwt.feed+json"

local ID_BYTES = 16
-- A server may hold a poll for so long, before it has said for how long.
local FIRST_HOLD_SECONDS, MAX_HOLD_SECONDS = 2, 10
local ROUND_TRIP_SECONDS = 0.8
local MAX_LEASE_SECONDS = 30
local MAX_TAGS = 10000
local MIN_PAUSE_MS, MAX_PAUSE_MS = 20, 1000
local NO_TOTALS = { 0, 0, 0 }

cjson.decode_max_depth(4)
cjson.decode_invalid_numbers(false)

local feed = {}

local function is_count(value)
  return type(value) == "number" and math.tointeger(value) ~= nil
    and value >= 0
end

local function is_seconds(value, most)
  return type(value) == "number" and value > 0 and value <= most
end

local function are_tags(tags)
  if type(tags) ~= "table" or #tags > MAX_TAGS then return false end
  local count = 0
  for _, tag in pairs(tags) do
    count = count + 1
    if type(tag) ~= "string" then return false end
  end
  return count == #tags
end

--- Reads an answer: { epoch, seq, lease, hold, is_reset, tags, keys }, or nil
-- when it is anything but whole and consistent.
function feed.parse(text)
  local ok, answer = pcall(cjson.decode, text)
  if not ok or type(answer) ~= "table" then return nil end
  local tags, reset = answer.tags, answer.reset
  if type(answer.epoch) ~= "string" or not is_count(answer.seq)
    or not is_seconds(answer.lease, MAX_LEASE_SECONDS)
    or not is_seconds(answer.hold, MAX_HOLD_SECONDS)
    or tags ~= nil and not are_tags(tags)
    or reset ~= nil and reset ~= true
    or answer.keys ~= nil and type(answer.keys) ~= "string" then
    return nil
  end
  return {
    epoch = answer.epoch, seq = math.tointeger(answer.seq),
    lease = answer.lease, hold = answer.hold, is_reset = reset == true,
    tags = tags or {}, keys = answer.keys,
  }
end

--- Creates the feed of one verifier.
-- @param deps { request, servers, clock, lease, cache, verifier_key, name,
--   agent, stale, totals, size, on_keys, nap, log }
--   request(server, headers, deadline) -> answer as transport's, where
--   headers is a list of { name, value }; name() and agent() for people;
--   totals() -> how many verdicts were known, asked for and stale since the
--   start; size() -> how many are kept, and what they weigh in bytes;
--   on_keys() when the server's keys changed
function feed.create(deps)
  local lease, cache, clock = deps.lease, deps.cache, deps.clock
  local servers = deps.servers
  local id, keys
  local hold = FIRST_HOLD_SECONDS
  local pause = MIN_PAUSE_MS
  local was_refused = false
  -- The totals that the server was told last, and those that it was told while
  -- this verifier had another id: it takes them for another's.
  local told, told_before = NO_TOTALS, NO_TOTALS
  local self = {}

  local function begin_anew(new_id)
    lease.drop()
    cache.clear()
    id, keys, told_before = new_id, nil, told
  end

  --- Begins anew: nothing known, and nobody to be taken for.
  local function start_over()
    local new_id = base64url.encode(rand.bytes(ID_BYTES))
    uninterrupted(function() begin_anew(new_id) end)
  end
  start_over()

  --- By which this verifier is known to the server, in questions too.
  function self.id()
    return id
  end

  local function stats(totals)
    return ("hits=%d,asked=%d,stale=%d,entries=%d,bytes=%d"):format(
      totals[1] - told_before[1], totals[2] - told_before[2],
      totals[3] - told_before[3], deps.size())
  end

  local function poll_headers(totals)
    local headers = {
      { "Host", "localhost" },
      { "Accept", FEED_TYPE },
      { "Authorization", "Bearer " .. deps.verifier_key },
      { "User-Agent", deps.agent() },
      { "X-Jwt-Verifier", id },
      { "X-Jwt-Verifier-Name", deps.name() },
      { "X-Jwt-Mode", deps.stale and "best-effort:" .. deps.stale
        or "strict" },
      { "X-Jwt-Stats", stats(totals) },
    }
    if lease.epoch then
      headers[#headers + 1] = { "X-Jwt-Epoch", lease.epoch }
      headers[#headers + 1] = { "X-Jwt-Seq", tostring(lease.seq) }
    end
    return headers
  end

  --- Applies all that an answer carries; only then the lease is renewed, and
  -- only the next poll reports it. To be called uninterrupted: a verdict that
  -- comes in between would be kept as if it were no older.
  local function apply(answer, sent, sent_wall)
    if answer.is_reset or answer.epoch ~= lease.epoch
      or answer.seq < lease.seq then
      cache.clear()
    else
      cache.change(answer.tags, answer.seq)
    end
    lease.epoch, lease.seq = answer.epoch, answer.seq
    if answer.keys ~= keys then
      if keys ~= nil then deps.on_keys() end
      keys = answer.keys
    end
    hold = answer.hold
    lease.renew(answer.lease, sent, sent_wall)
  end

  --- The answer to a poll, unless somebody started over meanwhile, who has
  -- forgotten what it was asked for.
  local function accept(answer, from, asked_as, sent, sent_wall)
    if asked_as ~= id then return false end
    lease.server = from
    apply(answer, sent, sent_wall)
    return true
  end

  --- The server to poll: the one that holds this verifier to its word. Where
  -- that one is away, or has another address now, any other: then all is
  -- forgotten. Without another it is waited for, because it knows what is
  -- applied here.
  local function choose()
    local server = lease.server
    if server and not server.away and servers.holds(server) then
      return server
    end
    local other = servers.candidates()[1]
    if server and other then start_over() end
    return other
  end

  --- Looks for another server when the one it holds to is away.
  function self.on_away(server)
    if server == lease.server and servers.has_other(server) then
      start_over()
    end
  end

  --- Sends one poll and applies its answer. To be called again and again by
  -- a task that never ends.
  function self.poll()
    local server = choose()
    if not server then return deps.nap(MIN_PAUSE_MS) end
    local asked_as = id
    local sent = clock.now()
    local sent_wall = clock.wall_at(sent)
    local totals = { deps.totals() }
    local response = deps.request(server, poll_headers(totals),
      sent + hold + ROUND_TRIP_SECONDS)
    local answer
    local is_refused = response ~= nil and response.status == 401
    if is_refused and not was_refused then
      deps.log(("token-server %s takes no part in the feed with this verifier"
        .. " key: it has another one (JWT_VERIFIER_KEY)"):format(server.label))
    end
    was_refused = is_refused
    if response and response.status == 200
      and response.content_type == FEED_TYPE then
      answer = feed.parse(response.body)
    end
    local is_accepted = false
    if answer then
      told = totals
      if asked_as ~= id then told_before = totals end
      uninterrupted(function()
        is_accepted = accept(answer, server, asked_as, sent, sent_wall)
      end)
    end
    if is_accepted then
      pause = MIN_PAUSE_MS
      return
    end
    local time = clock.wall()
    if not lease.is_live(time, clock.coarse(time))
      and servers.has_other(server) then
      start_over()
    end
    -- All verifiers lost their server at one moment; spread their return.
    deps.nap(pause // 2 + math.random(pause // 2))
    pause = math.min(pause * 2, MAX_PAUSE_MS)
  end

  --- Ends the lease and forgets all: a clock was set back, or the store is
  -- another one than the lease speaks of.
  function self.start_over()
    start_over()
  end

  return self
end

return feed
