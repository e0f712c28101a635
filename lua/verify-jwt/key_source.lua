--- Keeps the ring of keys up to date from files and URLs, in a task that
-- blocks nobody. What cannot be read leaves the last good keys, up to a day.

local http_client = require("verify-jwt.http_client")
local keys = require("verify-jwt.keys")

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
  local self = {}

  local function add(name, read)
    sources[#sources + 1] = { name = name, read = read, set = {} }
  end
  for _, path in ipairs(settings.key_files) do
    add(path, function()
      local text = deps.read_file(path, MAX_BYTES)
      if not text then return nil, "cannot be read" end
      return text
    end)
  end
  for i, url in ipairs(settings.key_urls) do
    -- A URL may hold a password, so the log gets its place in the list.
    add("JWT_JWKS_URL " .. i, function()
      return fetch_url(deps.core, url)
    end)
  end

  local function note(source, problem)
    if source.problem ~= problem then
      source.problem = problem
      if problem then log(("keys of %s: %s"):format(source.name, problem)) end
    end
  end

  local function update(source)
    local text, problem = source.read()
    local found
    if text then found, problem = keys.parse(text) end
    if found then
      source.set, source.read_at = found, deps.now()
      -- Here `problem` lists the entries that are left to the server.
      note(source, #problem > 0 and "not used here: "
        .. table.concat(problem, "; ", 1, math.min(#problem, 5)) or nil)
      return true
    end
    note(source, problem .. "; the last good keys stay")
    if source.read_at and deps.now() - source.read_at > MAX_AGE_SECONDS then
      source.set, source.read_at = {}, nil
      log(("keys of %s: too old, dropped"):format(source.name))
      return true
    end
    return false
  end

  --- Reads every source once, and builds the ring anew.
  -- @param only_files true while loading, when nothing may wait
  function self.update(only_files)
    local changed = false
    for i, source in ipairs(sources) do
      if not only_files or i <= #settings.key_files then
        changed = update(source) or changed
      end
    end
    if not changed then return end
    local sets = {}
    for i, source in ipairs(sources) do sets[i] = source.set end
    ring = keys.ring(sets)
  end

  --- The keys of now.
  function self.ring()
    return ring
  end

  return self
end

return key_source
