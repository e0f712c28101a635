--- Knows the private wire to the token-server: how a question is put, which
-- answers count, and that nobody waits while no server answers.

local verdict = require("verify-jwt.verdict")

local ACCEPT = "application/vnd.haproxy-jwt.verdict+json"

-- With a second server left to ask, one may use up this much.
local SHARED_SECONDS = 0.5
local PROBE_SECONDS = 0.8
-- At most so often it is said in the log that a key is missing.
local TELL_SECONDS = 60
-- No token: a server that answers it with a verdict can judge again.
local PROBE = "probe"


local token_server = {}

--- The constant beginning of every question.
-- @param settings { verifier_key?, claim_vars, body_encoding }
function token_server.head(settings)
  local claims = settings.claim_vars
  if claims ~= "*" then claims = table.concat(claims, ",") end
  local lines = {
    "POST / HTTP/1.1",
    -- The server minds by which name it is called; this one is always its.
    "Host: localhost",
    "Content-Type: application/jwt",
    "Accept: " .. ACCEPT,
    "X-Jwt-Claims: " .. claims,
  }
  if settings.body_encoding == "base64url" then
    lines[#lines + 1] = "X-Jwt-Body: base64url"
  end
  if settings.verifier_key then
    lines[#lines + 1] = "Authorization: Bearer " .. settings.verifier_key
  end
  return table.concat(lines, "\r\n") .. "\r\n"
end

--- @param deps { transport, servers, now, head, has_key, log, only,
--   on_away }
--   only() -> the one server that may be asked while a lease runs, or nil;
--   on_away(server) is told of each that is away from now on
function token_server.create(deps)
  local transport, servers, now = deps.transport, deps.servers, deps.now
  local head, has_key = deps.head, deps.has_key
  local self = {}

  local questions = 0

  --- @return the request, and how the body of an answer to it begins: with the
  --   question's number, so that one that belongs to another is never taken
  local function request_for(text, memory, thumbprint)
    local number = questions + 1
    questions = number
    local named = ""
    if thumbprint and has_key then
      named = "X-Jwt-Key: " .. thumbprint .. "\r\n"
    end
    return head .. memory .. named .. "X-Jwt-Question: " .. number
      .. "\r\nContent-Length: " .. #text .. "\r\n\r\n" .. text,
      '{"question":' .. number .. ","
  end

  local told_at = -math.huge

  --- The server keeps a JWE's claims from whoever does not show the key, and
  -- a valid token without its claims is nobody's.
  local function tell_of_hidden_claims(body)
    if has_key or now() - told_at < TELL_SECONDS
      or not verdict.parse(body, false) then
      return
    end
    told_at = now()
    deps.log("a JWE is refused: its claims come only to whoever has the"
      .. " verifier key (JWT_VERIFIER_KEY, JWT_VERIFIER_KEY_FILE)")
  end

  --- A verdict, or nil when the answer is none.
  local function read(answer)
    if answer.status ~= 200 or answer.content_type ~= ACCEPT then
      return nil
    end
    local result, epoch = verdict.parse(answer.body, true)
    if not result then tell_of_hidden_claims(answer.body) end
    return result, epoch
  end

  local function set_away(server, away)
    if server.away == away then return end
    server.away = away
    if away then deps.on_away(server) end
    deps.log(("token-server %s %s"):format(
      server.label, away and "does not answer" or "answers again"))
  end

  --- Whom to ask next: a verifier with a lease asks only who granted it.
  -- @return a server that was not tried yet, and whether it is the last
  local function next_server(tried)
    local server = deps.only()
    if server then
      if server.away or tried[server] then return nil end
      return server, true
    end
    local candidates, left = servers.candidates(), {}
    for _, candidate in ipairs(candidates) do
      if not tried[candidate] then left[#left + 1] = candidate end
    end
    return left[1], #left == 1
  end

  --- Asks for a token's verdict.
  -- @param memory     header that says how the answer will be remembered
  -- @param thumbprint of the key that verified its signature here, or nil
  -- @param moment     monotonic seconds of now
  -- @param deadline   monotonic seconds: an answer is of no use from then on
  -- @return the verdict, and the epoch it was judged in; or
  --   verdict.unavailable and true where no server could even be reached
  function self.ask(text, memory, thumbprint, moment, deadline)
    local request, mark = request_for(text, memory, thumbprint)
    local tried, is_unreachable = {}, true
    repeat
      local server, is_last = next_server(tried)
      if not server then break end
      tried[server] = true
      local limit = deadline
      if not is_last then limit = math.min(limit, moment + SHARED_SECONDS) end
      local answer, is_to_blame =
        transport.request(server, request, limit, moment, mark)
      if answer then
        is_unreachable = false
        local result, epoch = read(answer)
        if result and result ~= verdict.unavailable then
          return result, epoch
        end
      elseif is_to_blame then
        -- An answer, even a bad one, came at once and costs nobody time: a
        -- token that makes a server stumble must not turn it off for all.
        set_away(server, true)
      else
        is_unreachable = false
        break
      end
      moment = now()
    until moment >= deadline
    return verdict.unavailable, is_unreachable
  end

  --- Notes that a server keeps silent, for others who ask it things.
  function self.blame(server)
    set_away(server, true)
  end

  --- Tries the servers that are away. To be called by a task.
  function self.probe()
    for _, server in ipairs(servers.absent()) do
      local request = request_for(PROBE, "")
      local answer =
        transport.request(server, request, now() + PROBE_SECONDS)
      if answer and read(answer) then set_away(server, false) end
    end
  end

  return self
end

return token_server
