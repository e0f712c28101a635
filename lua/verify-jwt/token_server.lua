--- Knows the private wire to the token-server: how a question is put, which
-- answers count, and that nobody waits while no server answers.

local verdict = require("verify-jwt.verdict")

local ACCEPT = "application/vnd.haproxy-jwt.verdict+json"

local DEADLINE_SECONDS = 0.8
-- With a second server left to ask, one may use up this much.
local SHARED_SECONDS = 0.5
-- No token: a server that answers it with a verdict can judge again.
local PROBE = "probe"

local token_server = {}

--- The constant beginning of every question.
-- @param settings { verifier_key?, claim_vars }
-- @param ttl      seconds a verdict is kept here, counted from its judgement
function token_server.head(settings, ttl)
  local claims = settings.claim_vars
  if claims ~= "*" then claims = table.concat(claims, ",") end
  local lines = {
    "POST / HTTP/1.1",
    -- The server minds by which name it is called; this one is always its.
    "Host: localhost",
    "Content-Type: application/jwt",
    "Accept: " .. ACCEPT,
    "X-Jwt-Claims: " .. claims,
    "X-Jwt-Ttl: " .. ttl,
  }
  if settings.verifier_key then
    lines[#lines + 1] = "Authorization: Bearer " .. settings.verifier_key
  end
  return table.concat(lines, "\r\n") .. "\r\n"
end

--- @param deps { transport, servers, now, head, has_key, log }
function token_server.create(deps)
  local transport, servers, now = deps.transport, deps.servers, deps.now
  local head, has_key = deps.head, deps.has_key
  local self = {}

  local function request_for(text, thumbprint)
    local named = ""
    if thumbprint and has_key then
      named = "X-Jwt-Key: " .. thumbprint .. "\r\n"
    end
    return head .. named .. "Content-Length: " .. #text .. "\r\n\r\n" .. text
  end

  --- A verdict, or nil when the answer is none.
  local function read(answer, with_claims)
    if answer.status ~= 200 or answer.content_type ~= ACCEPT then
      return nil
    end
    return verdict.parse(answer.body, with_claims)
  end

  local function set_away(server, away)
    if server.away == away then return end
    server.away = away
    deps.log(("token-server %s %s"):format(
      server.label, away and "does not answer" or "answers again"))
  end

  --- Asks for a token's verdict.
  -- @param thumbprint of the key that verified its signature here, or nil
  -- @param is_jwe     true when the claims come only with the verifier key
  function self.ask(text, thumbprint, is_jwe)
    local deadline = now() + DEADLINE_SECONDS
    local request = request_for(text, thumbprint)
    local candidates = servers.candidates()
    for i, server in ipairs(candidates) do
      local limit = deadline
      if i < #candidates then limit = math.min(deadline,
        now() + SHARED_SECONDS) end
      local answer, is_to_blame = transport.request(server, request, limit)
      if answer then
        local result = read(answer, not is_jwe or has_key)
        if result and result ~= verdict.unavailable then return result end
      elseif is_to_blame then
        -- An answer, even a bad one, came at once and costs nobody time: a
        -- token that makes a server stumble must not turn it off for all.
        set_away(server, true)
      else
        break
      end
      if now() >= deadline then break end
    end
    return verdict.unavailable
  end

  --- Tries the servers that are away. To be called by a task.
  function self.probe()
    for _, server in ipairs(servers.absent()) do
      local answer = transport.request(
        server, request_for(PROBE), now() + DEADLINE_SECONDS)
      if answer and read(answer, false) then set_away(server, false) end
    end
  end

  return self
end

return token_server
