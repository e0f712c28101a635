local test = ...
local cjson = require("cjson")
local token_server = require("verify-jwt.token_server")
local verdict = require("verify-jwt.verdict")

local TYPE = "application/vnd.haproxy-jwt.verdict+json"
local VALID = cjson.encode({
  valid = "1", reason = "ok", stateless = "1", body = "{}",
  seq = 3, epoch = "e", tags = { "t" },
})

--- A client whose servers answer what `replies[id](text)` returns.
local function create(replies, options)
  options = options or {}
  local state = { time = 100, asked = {}, log = {}, away = {} }
  local list = {}
  for id in pairs(replies) do list[#list + 1] = { id = id, label = id } end
  table.sort(list, function(a, b) return a.id < b.id end)
  local asker = token_server.create({
    now = function() return state.time end,
    log = function(line) state.log[#state.log + 1] = line end,
    has_key = options.has_key, head = "HEAD\r\n",
    only = function() return options.only and list[options.only] end,
    on_away = function(server) state.away[#state.away + 1] = server.id end,
    servers = {
      candidates = function()
        local present = {}
        for _, server in ipairs(list) do
          if not server.away then present[#present + 1] = server end
        end
        return present
      end,
      absent = function()
        local absent = {}
        for _, server in ipairs(list) do
          if server.away then absent[#absent + 1] = server end
        end
        return absent
      end,
    },
    transport = {
      request = function(server, text, deadline, _, mark)
        state.asked[#state.asked + 1] = { server.id, text, deadline }
        local body, status, content_type = replies[server.id](state, deadline)
        if not body then return nil, status ~= "full" end
        state.mark = mark
        return {
          status = status or 200, body = body,
          content_type = content_type or TYPE,
        }
      end,
    },
  })
  local client = { blame = asker.blame, probe = asker.probe }
  function client.ask(text, memory, thumbprint)
    return asker.ask(text, memory, thumbprint, state.time, state.time + 0.8)
  end
  return client, state, list
end

local function ok() return VALID end

test("says how it will remember, and sends the token as it is", function()
  local client, state = create({ a = ok })
  local entry, epoch = client.ask("h.p.s", "X-Jwt-Ttl: 3\r\n", nil)
  assert(entry[verdict.REASON] == "ok" and epoch == "e")
  assert(entry[verdict.SEQ] == 3 and entry[verdict.TAGS][1] == "t")
  assert(state.asked[1][2] == "HEAD\r\nX-Jwt-Ttl: 3\r\nX-Jwt-Question: 1\r\n"
    .. "Content-Length: 5\r\n\r\nh.p.s")
end)

test("numbers each question", function()
  local client, state = create({ a = ok })
  for _ = 1, 3 do client.ask("h.p.s", "", nil) end
  for i = 1, 3 do
    assert(state.asked[i][2]:find("X-Jwt-Question: " .. i .. "\r\n", 1, true))
  end
  assert(state.mark == '{"question":3,')
end)

test("names the key it verified with only beside the verifier key", function()
  local client, state = create({ a = ok }, { has_key = true })
  client.ask("h.p.s", "", "print")
  assert(state.asked[1][2]:find("X-Jwt-Key: print\r\n", 1, true))
  client, state = create({ a = ok })
  client.ask("h.p.s", "", "print")
  assert(not state.asked[1][2]:find("X-Jwt-Key", 1, true))
end)

local NO_VERDICT = {
  { "500 with a valid verdict", function() return VALID, 500 end },
  { "HTML", function() return "<html>", 200, "text/html" end },
  { "a verdict of another type", function()
    return VALID, 200, "application/json"
  end },
  { "nothing", function() return "" end },
  { "half a verdict", function() return VALID:sub(1, -2) end },
}
for _, row in ipairs(NO_VERDICT) do
  test("takes no verdict from " .. row[1], function()
    local client, _, list = create({ a = row[2] })
    local entry, is_unreachable = client.ask("x", "", nil)
    assert(entry == verdict.unavailable and not is_unreachable)
    assert(not list[1].away)
  end)
end

test("asks nobody while its server is away", function()
  local client, state, list = create({ a = function() return nil end })
  local entry, is_unreachable = client.ask("x", "", nil)
  assert(entry == verdict.unavailable and is_unreachable and list[1].away)
  entry, is_unreachable = client.ask("x", "", nil)
  assert(entry == verdict.unavailable and is_unreachable)
  assert(#state.asked == 1 and state.away[1] == "a" and #state.log == 1)
end)

test("does not blame a server for its own bounds", function()
  local client, _, list = create({ a = function() return nil, "full" end })
  local entry, is_unreachable = client.ask("x", "", nil)
  assert(entry == verdict.unavailable and not is_unreachable)
  assert(not list[1].away)
end)

test("asks the next server within one deadline", function()
  local client, state = create({
    a = function(state, deadline)
      state.time = deadline
      return nil
    end,
    b = ok,
  })
  local entry = client.ask("x", "", nil)
  assert(entry[verdict.REASON] == "ok" and #state.asked == 2)
  assert(state.asked[1][3] == 100.5 and state.asked[2][3] == 100.8)
end)

test("waits for no third server beyond the deadline", function()
  local function slow(state, deadline)
    state.time = deadline
    return nil
  end
  local client, state = create({ a = slow, b = slow, c = slow })
  assert(client.ask("x", "", nil) == verdict.unavailable)
  assert(#state.asked == 2 and state.time <= 100.8 + 1e-9)
end)

test("asks only the server that granted the lease", function()
  local client, state = create({ a = ok, b = ok }, { only = 2 })
  client.ask("x", "", nil)
  client.ask("x", "", nil)
  assert(state.asked[1][1] == "b" and state.asked[2][1] == "b")
end)

test("takes a server back after a probe that it answers", function()
  local works = false
  local client, state, list = create({
    a = function() return works and VALID or nil end,
  })
  client.ask("x", "", nil)
  client.probe()
  assert(list[1].away)
  works = true
  client.probe()
  assert(not list[1].away and #state.log == 2)
  assert(client.ask("x", "", nil)[verdict.REASON] == "ok")
end)

test("does not take a server back for HTML", function()
  local body
  local client, _, list = create({ a = function() return body end })
  client.ask("x", "", nil)
  body = "<html>"
  client.probe()
  assert(list[1].away)
end)

test("takes a valid token without its claims for no answer, and says why",
  function()
    local hidden = cjson.encode({
      valid = "1", reason = "ok", stateless = "1", seq = 3, epoch = "e",
    })
    local client, state = create({ a = function() return hidden end })
    assert(client.ask("h.k.i.c.t", "", nil) == verdict.unavailable)
    state.time = state.time + 59
    assert(client.ask("h.k.i.c.t", "", nil) == verdict.unavailable)
    assert(#state.log == 1 and state.log[1]:find("JWT_VERIFIER_KEY", 1, true))
    assert(#state.away == 0)
    state.time = state.time + 2
    client.ask("h.k.i.c.t", "", nil)
    assert(#state.log == 2)
  end)

test("says nothing of claims when the server answers no verdict", function()
  local client, state = create({ a = function() return "{}" end })
  assert(client.ask("x", "", nil) == verdict.unavailable and #state.log == 0)
end)
