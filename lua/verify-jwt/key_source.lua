--- Keeps the ring of keys up to date from files and URLs, each read by a task
-- of its own, which may wait as long as it likes. What cannot be read leaves
-- the last good keys, up to a day.

local http_client = require("verify-jwt.http_client")
local keys = require("verify-jwt.keys")
local uninterrupted = require("verify-jwt.uninterrupted")

local MAX_BYTES = 1024 * 1024
local MAX_AGE_SECONDS = 86400
local TIMEOUT_MS = 5000

local key_source = {}

--- HAProxy's resolver does not know `localhost`, which everybody writes.
local function fetch_url(core, url)
  local port = url:match("^http://localhost:(%d+)")
    or url:match("^http://localhost[/?]") and "80"
  local answer = http_client.get(core, {
    url = url, dst = port and "ipv4@127.0.0.1:" .. port,
    headers = { { "Accept", "application/json" } }, timeout_ms = TIMEOUT_MS,
  })
  if not answer then return nil, "no answer, or one too large" end
  if answer.status ~= 200 then return nil, "status " .. answer.status end
  return answer.body
end

--- @param deps { core, settings, read_file, now, log }
function key_source.create(deps)
  local settings, log = deps.settings, deps.log
  local sources, ring = {}, keys.ring({})
  -- How often all sources were to be read at once; each notes for which.
  local wanted = 0
  -- For each source, a function that reads it where that is due: to be called
  -- all the time by a task that calls no other.
  local self = { readers = {} }

  for _, path in ipairs(settings.key_files) do
    sources[#sources + 1] = { name = path, set = {}, read = function()
      local text = deps.read_file(path, MAX_BYTES)
      if not text then return nil, "cannot be read" end
      return text
    end }
  end
  for i, url in ipairs(settings.key_urls) do
    -- A URL may hold a password, so the log gets its place in the list.
    sources[#sources + 1] = { name = "JWT_JWKS_URL " .. i, set = {},
      read = function() return fetch_url(deps.core, url) end }
  end

  local function note(source, problem)
    if source.problem ~= problem then
      source.problem = problem
      if problem then log(("keys of %s: %s"):format(source.name, problem)) end
    end
  end

  --- Builds the ring anew, whole: one of two that build at the same time
  -- would put the other's news back.
  local function join()
    uninterrupted(function()
      local sets = {}
      for i, source in ipairs(sources) do sets[i] = source.set end
      ring = keys.ring(sets)
    end)
  end

  local function update(source)
    -- Keys are as old as the question: its answer may take its time.
    local asked_at = deps.now()
    local text, problem = source.read()
    local found
    if text then found, problem = keys.parse(text) end
    if not found then
      return note(source, problem .. "; the last good keys stay")
    end
    source.set, source.read_at = found, asked_at
    -- Here `problem` lists the entries that are left to the server.
    note(source, #problem > 0 and "not used here: "
      .. table.concat(problem, "; ", 1, math.min(#problem, 5)) or nil)
    join()
  end

  local function is_due(source)
    return source.asked_for ~= wanted
      or deps.now() - source.asked_at >= settings.sync_interval
  end

  for i, source in ipairs(sources) do
    self.readers[i] = function()
      if not is_due(source) then return end
      source.asked_for, source.asked_at = wanted, deps.now()
      update(source)
    end
  end

  --- Reads the files: while loading, nothing may wait.
  function self.load()
    for i = 1, #settings.key_files do update(sources[i]) end
  end

  --- Makes every source due.
  function self.want()
    wanted = wanted + 1
  end

  local function drop_old(source)
    if not source.read_at
      or deps.now() - source.read_at <= MAX_AGE_SECONDS then return end
    source.set, source.read_at = {}, nil
    log(("keys of %s: too old, dropped"):format(source.name))
    join()
  end

  --- Drops keys that have become too old, also of a source that is being
  -- read all the time.
  function self.expire()
    for _, source in ipairs(sources) do
      uninterrupted(function() drop_old(source) end)
    end
  end

  --- The keys of now.
  function self.ring()
    return ring
  end

  return self
end

return key_source
