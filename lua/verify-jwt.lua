--- HAProxy's side of the verifier: reads the environment, wires the parts
-- and registers the action `verify-jwt`. Loaded by lua-load-per-thread (each
-- thread has a cache and connections of its own) or by lua-load.

local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path

-- All of it now: after a chroot no file can be read any more.
local base64url = require("verify-jwt.base64url")
local cache = require("verify-jwt.cache")
local headers = require("verify-jwt.headers")
local judge = require("verify-jwt.judge")
local key_source = require("verify-jwt.key_source")
local request = require("verify-jwt.request")
local servers = require("verify-jwt.servers")
local settings = require("verify-jwt.settings")
local token_server = require("verify-jwt.token_server")
local transport = require("verify-jwt.transport")
local verdict = require("verify-jwt.verdict")

local DEFAULT_TTL = 3
local REFUSALS = 1000
-- On the average a verdict weighs a quarter of this.
local BYTES_PER_ENTRY = 4096
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

local function now()
  local time = core.now()
  return time.sec + time.usec / 1e6
end

local function log(message)
  core.log(core.warning, "haproxy-jwt: " .. message)
end

local options, problems = settings.read(os.getenv, read_file)
if #problems > 0 then
  error("haproxy-jwt: " .. table.concat(problems, "; "), 0)
end
options.cache_ttl = options.cache_ttl or DEFAULT_TTL

-- One state for all threads has the number 0.
local is_shared = core.thread == 0

local pool = transport.create(core, { now = now, keep_alive = not is_shared })
local group = servers.create(core, options.backend)
local server = token_server.create({
  transport = pool, servers = group, now = now, log = log,
  head = token_server.head(options, options.cache_ttl),
  has_key = options.verifier_key ~= nil,
})
local source = key_source.create({
  core = core, settings = options, read_file = read_file, now = now,
  log = log,
})
local court = judge.create({
  settings = options,
  cache = cache.create({
    entries = options.cache_size, refusals = REFUSALS,
    bytes = options.cache_size * BYTES_PER_ENTRY,
  }),
  ask = server.ask, ring = source.ring, decode = base64url.decode,
  wall = os.time, now = now, nap = core.msleep,
})
local read_token = request.reader(options)

local function verify(txn)
  local names = headers.begin(txn)
  local text, from_header = read_token(txn, names)
  local entry
  if text then
    entry = court.judge(text, from_header)
  else
    entry = judge.refusal(from_header)
  end
  headers.deliver(txn, entry)
end

core.register_action("verify-jwt", { "http-req" }, function(txn)
  local ok, problem = pcall(verify, txn)
  if ok then return end
  -- The message names a place in the code and no value of the request.
  pcall(log, tostring(problem))
  pcall(headers.refuse, txn, verdict.internal)
end)

--- Runs a step for ever; an error in one round must not end the rounds.
local function repeat_every(milliseconds, step)
  core.register_task(function()
    while true do
      local ok, problem = pcall(step)
      if not ok then pcall(log, tostring(problem)) end
      core.msleep(milliseconds)
    end
  end)
end

core.register_init(function()
  if not group.is_configured() then
    error("haproxy-jwt: JWT_TOKEN_SERVER_BACKEND: no backend's name begins"
      .. " with it", 0)
  end
  group.refresh()
end)

source.update(true)

repeat_every(TICK_MS, function()
  pool.sweep()
  court.sweep()
end)
repeat_every(REFRESH_MS, group.refresh)
repeat_every(2 * TICK_MS, server.probe)
repeat_every(options.sync_interval * 1000, source.update)
