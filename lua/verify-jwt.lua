--- HAProxy's side of the verifier: reads the environment, wires the parts
-- and registers the action `verify-jwt`. Loaded by lua-load-per-thread (each
-- thread has a cache and connections of its own) or by lua-load.

local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path

-- All of it now: after a chroot no file can be read any more.
local cache = require("verify-jwt.cache")
local clock = require("verify-jwt.clock")
local fast_path = require("verify-jwt.fast_path")
local feed = require("verify-jwt.feed")
local headers = require("verify-jwt.headers")
local http_client = require("verify-jwt.http_client")
local judge = require("verify-jwt.judge")
local key_source = require("verify-jwt.key_source")
local lease = require("verify-jwt.lease")
local memory = require("verify-jwt.memory")
local packed = require("verify-jwt.packed")
local request = require("verify-jwt.request")
local servers = require("verify-jwt.servers")
local settings = require("verify-jwt.settings")
local token_server = require("verify-jwt.token_server")
local transport = require("verify-jwt.transport")
local verdict = require("verify-jwt.verdict")

local DEFAULT_TTL, DEFAULT_TTL_UNDER_LEASE = 3, 60
local REFUSALS = 1000
-- On the average a verdict weighs a quarter of this.
local BYTES_PER_ENTRY = 4096
-- What a Lua state of HAProxy holds without the cache, and what may be
-- garbage beside it: in one, and in all of them together.
local BASE_BYTES = 3 << 20
local GARBAGE_BYTES, ALL_GARBAGE_BYTES = 12 << 20, 24 << 20
local MIN_PAUSE_PERCENT = 150
local TICK_MS = 50
local REFRESH_MS = 1000

local function read_file(path, max_bytes)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read((max_bytes or 65536) + 1)
  file:close()
  if not text or #text > (max_bytes or 65536) then return nil end
  return text
end

local function log(message)
  core.log(core.warning, "haproxy-jwt: " .. message)
end

local options, problems = settings.read(os.getenv, read_file)
if #problems > 0 then
  error("haproxy-jwt: " .. table.concat(problems, "; "), 0)
end
-- One state for all threads has the number 0.
local is_shared = core.thread == 0
-- Of the states of several threads, the first says it for all.
if core.thread <= 1 then
  for _, message in ipairs(settings.idle(options)) do log(message) end
end

local time = clock.create(core.now, os.time)
local pool = transport.create(core, {
  now = time.now, keep_alive = not is_shared,
})
local group = servers.create(core, options.backend)
local source = key_source.create({
  core = core, settings = options, read_file = read_file, now = time.now,
  log = log,
})
local variables = settings.variable_names(options.claim_vars)
local known = cache.create({
  entries = options.cache_size, refusals = REFUSALS,
  bytes = options.cache_size * BYTES_PER_ENTRY, stale = options.stale or 0,
})

-- With the verifier's key there is a feed, and what is remembered counts
-- under its lease; without, for a time that the server is told.
local court
local counts = { hits = 0 }
local trust = lease.create(options.stale)
local news = options.verifier_key and feed.create({
  request = function(server, list, deadline)
    if is_shared and core.get_info().Nbthread ~= 1 then
      local wait_ms = math.ceil((deadline - time.now()) * 1000)
      return http_client.get_from(core, server, "/feed", list, wait_ms)
    end
    return pool.get(server, "/feed", list, deadline)
  end,
  servers = group, clock = time, lease = trust, cache = known,
  verifier_key = options.verifier_key, stale = options.stale,
  name = function()
    local info = core.get_info()
    return ("%s/%s/%d"):format(info.node or info.Node or "haproxy",
      info.Pid, core.thread)
  end,
  agent = function() return "HAProxy/" .. core.get_info().Version end,
  totals = function() return court.totals() end,
  size = function() return known.entries(), known.bytes() end,
  on_keys = source.want,
  nap = core.msleep, log = log,
})
local recall
if news then
  recall = memory.by_lease(time, trust,
    options.cache_ttl or DEFAULT_TTL_UNDER_LEASE, news.id, news.start_over)
else
  recall = memory.by_time(time, options.cache_ttl or DEFAULT_TTL)
end

local server = token_server.create({
  transport = pool, servers = group, now = time.now, log = log,
  head = token_server.head(options), has_key = news ~= nil,
  only = function() return trust.server end,
  on_away = function(away) if news then news.on_away(away) end end,
})
local packer = packed.create(variables)
court = judge.create({
  settings = options, cache = known, packer = packer, counts = counts,
  ask = server.ask, ring = source.ring, clock = time, nap = core.msleep,
  memory = recall, trace = request.trace,
  -- HAProxy's own decoder is ten times as fast as one in Lua.
  decode = function(txn, encoded) return txn.c:ub64dec(encoded) end,
})
local read_token = request.reader(options)
local writer = headers.create(variables)

local function verify(txn)
  local names = writer.begin(txn)
  local text, from_header = read_token(txn, names)
  local entry
  if text then
    entry = court.judge(text, from_header, txn)
  else
    entry = judge.refusal(from_header)
  end
  writer.deliver(txn, entry)
end

core.register_action("verify-jwt", { "http-req" }, function(txn)
  local ok, problem = pcall(verify, txn)
  if ok then return end
  -- The message names a place in the code and no value of the request.
  pcall(log, tostring(problem))
  pcall(writer.refuse, txn, verdict.internal)
end)

-- For haproxy.cfg, which looks a known verdict up without the action.
core.register_converters("verify-jwt-known", fast_path.create({
  settings = options, cache = known, packer = packer, counts = counts,
  clock = time, memory = recall,
}))

--- Runs a step for ever; an error in one round must not end the rounds.
-- @param milliseconds between two rounds; 0 for a step that waits by itself
local function repeat_every(milliseconds, step)
  core.register_task(function()
    while true do
      local ok, problem = pcall(step)
      if not ok then pcall(log, tostring(problem)) end
      if milliseconds > 0 or not ok then
        core.msleep(math.max(milliseconds, TICK_MS))
      end
    end
  end)
end

--- Garbage may pile up to a fixed amount, or to half of what is kept where
-- that is more. Lua's own pace, as much again as is kept, collects all the
-- time while the cache is small, and doubles the process when it is full.
local function pace_collector()
  local kept = BASE_BYTES + known.bytes()
  local states = is_shared and 1 or core.get_info().Nbthread
  local garbage = math.min(GARBAGE_BYTES, ALL_GARBAGE_BYTES // states)
  local pause = 100 + 100 * garbage // kept
  collectgarbage("setpause", math.max(pause, MIN_PAUSE_PERCENT))
end

core.register_init(function()
  if not group.is_configured() then
    error("haproxy-jwt: JWT_TOKEN_SERVER_BACKEND: no backend's name begins"
      .. " with it", 0)
  end
  group.refresh()
end)

source.load()

repeat_every(TICK_MS, function()
  -- A clock that was set back must revive nothing.
  if time.tick() then
    known.clear()
    if news then news.start_over() end
  end
  pool.sweep()
  court.sweep()
end)
repeat_every(REFRESH_MS, function()
  group.refresh()
  pace_collector()
end)
repeat_every(2 * TICK_MS, server.probe)

--- True in the old process of a reload once its last client is gone: HAProxy
-- waits for an open poll as well, and so for ever for one after the other.
local function is_left()
  local info = core.get_info()
  return tonumber(info.Stopping) == 1 and tonumber(info.CurrConns) == 0
end

if news then
  repeat_every(0, function()
    if is_left() then return core.msleep(REFRESH_MS) end
    news.poll()
  end)
end

-- A source that keeps its reader waiting holds up no other.
for _, read in ipairs(source.readers) do repeat_every(REFRESH_MS, read) end
repeat_every(REFRESH_MS, source.expire)
