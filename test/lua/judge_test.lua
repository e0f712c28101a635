local test = ...

local fixture = require("judge_fixture")
local verdict = require("verify-jwt.verdict")

local REASON, DETAIL, SEQ = verdict.REASON, verdict.DETAIL, verdict.SEQ
local create, mint = fixture.create, fixture.mint
local answer, ok, RING = fixture.answer, fixture.ok, fixture.ring
local encode = require("verify-jwt.base64url").encode

test("asks once, then remembers", function()
  local ask, state = create(ok)
  assert(ask(mint(1))[REASON] == "ok" and ask(mint(1))[REASON] == "ok")
  assert(#state.asked == 1 and state.headers[1] == "X-Jwt-Ttl: 3\r\n")
end)

test("names the key under which a signature holds", function()
  local ask, state = create(ok)
  ask(mint(1))
  assert(state.prints[1] == RING.all[1].thumbprint)
end)

test("sends along by what the request is traced", function()
  local ask, state = create(ok, { trace = "X-Request-Id: a\r\n" })
  ask(mint(1))
  assert(state.headers[1] == "X-Jwt-Ttl: 3\r\nX-Request-Id: a\r\n")
end)

test("leaves to the server what it has no key for", function()
  local ask, state = create(ok)
  assert(ask(mint(1, "b"))[REASON] == "ok")
  assert(state.prints[1] == false)
end)

test("leaves to the server what does not hold under its own key", function()
  local ask, state = create(function()
    return answer(1, "E_TKN_INVALID", "signature")
  end)
  assert(ask(mint(1, "a", ("x"):rep(32)))[DETAIL] == "signature")
  assert(#state.asked == 1 and state.prints[1] == false)
end)

test("encodes the claims from the token's own text", function()
  local ask = create(ok, { encoding = "base64url" })
  assert(ask(mint(7))[verdict.BODY] == encode('{"n":7}'))
end)

local REFUSED_HERE = {
  { "no token", "", "missing" }, { "two parts", "a.b", "malformed" },
  { "a token too long", ("x"):rep(301), "too_large" },
  { "a third word", mint(1) .. " x", "malformed" },
  { "another alphabet in the payload", (mint(1):gsub("%.ey", ".e+")),
    "malformed" },
  { "another alphabet in the signature", (mint(1):gsub("%.[^.]*$",
    "." .. ("+"):rep(43) .. "A")), "malformed" },
  { "two tokens", mint(1) .. ", Bearer x", "ambiguous" },
}
for _, row in ipairs(REFUSED_HERE) do
  test("refuses without a question " .. row[1], function()
    local ask, state = create(ok)
    local entry = ask(row[2])
    assert(entry[REASON] == "E_TKN_INVALID" and entry[DETAIL] == row[3])
    assert(#state.asked == 0)
  end)
end

test("does not remember an outage", function()
  local ask, state = create(function() return verdict.unavailable end)
  assert(ask(mint(1)) == verdict.unavailable)
  assert(ask(mint(1)) == verdict.unavailable and #state.asked == 2)
end)

test("remembers nothing with a time to live of 0", function()
  local ask, state = create(ok, { ttl = 0 })
  ask(mint(1))
  ask(mint(1))
  assert(#state.asked == 2)
end)

test("raises no other's question to a verdict when its own fails", function()
  local ask = create(function() error("inside") end)
  local good, problem = pcall(ask, mint(1))
  assert(not good and tostring(problem):find("inside", 1, true))
end)

test("tells who it is under a lease, and remembers for longer", function()
  local ask, state = create(ok, { seq = 1 })
  ask(mint(1))
  assert(state.headers[1] == "X-Jwt-Verifier: me\r\n")
  state.lease.renew(4, 5030, 1700000030)
  state.time, state.wall = 5030, 1700000030
  ask(mint(1))
  assert(#state.asked == 1)
end)

test("asks each time, and remembers nothing, when the lease has run out",
  function()
    local ask, state = create(ok, { seq = 1 })
    ask(mint(1))
    state.time, state.wall = 5004, 1700000004
    ask(mint(1))
    ask(mint(1))
    assert(#state.asked == 3 and state.headers[3] == "X-Jwt-Ttl: 0\r\n")
  end)

test("asks again for an answer older than what is applied", function()
  local seq = 4
  local ask, state = create(function()
    seq = seq + 1
    return answer(seq), "e"
  end, { seq = 6 })
  assert(ask(mint(1))[SEQ] == 6 and #state.asked == 2)
end)

test("gives up on a server that only has old answers", function()
  local ask, state = create(ok, { seq = 6 })
  assert(ask(mint(1)) == verdict.unavailable and #state.asked == 3)
end)

test("does not use an answer that became old on its way", function()
  local ask, state = create(function(_, state, trust)
    if #state.asked == 1 then trust.seq = 9 end
    return answer(#state.asked == 1 and 8 or 9), "e"
  end, { seq = 1 })
  assert(ask(mint(1))[SEQ] == 9 and #state.asked == 2)
end)

test("uses but does not keep an answer from another store", function()
  local ask, state = create(function() return answer(), "e2" end, { seq = 1 })
  assert(ask(mint(1))[REASON] == "ok" and state.epochs == 1)
  assert(#state.asked == 1)
  assert(not state.cache.get("Bearer " .. mint(1), state.wall, state.time))
end)

test("does not use an answer of the store before", function()
  local ask, state = create(function(_, state, trust)
    if #state.asked == 1 then
      trust.epoch, trust.seq = "e2", 1
      return answer(5), "e"
    end
    return answer(1), "e2"
  end, { seq = 1 })
  assert(ask(mint(1))[SEQ] == 1 and #state.asked == 2 and state.epochs == 0)
end)

local NOT_KEPT = {
  { "without a sequence", function() return answer(-1), nil end },
  { "without tags", function()
    local entry = answer()
    entry[verdict.TAGS] = false
    return entry, "e"
  end },
}
for _, row in ipairs(NOT_KEPT) do
  test("does not keep under a lease an answer " .. row[1], function()
    local ask, state = create(row[2], { seq = 1 })
    ask(mint(1))
    assert(not state.cache.get("Bearer " .. mint(1), state.wall, state.time))
  end)
end

local function away_after_one(state)
  if #state.asked == 1 then return answer(), "e" end
  return verdict.unavailable, true
end

test("lets the known live on while nobody can be reached", function()
  local ask, state = create(function(_, s) return away_after_one(s) end,
    { seq = 1, stale = 10 })
  ask(mint(1))
  state.time, state.wall = 5005, 1700000005
  local entry = ask(mint(1))
  assert(entry[REASON] == "ok" and entry[DETAIL] == "stale")
  assert(ask(mint(2)) == verdict.unavailable)
  state.time, state.wall = 5014, 1700000014
  assert(ask(mint(1)) == verdict.unavailable)
end)

test("lets nothing live on in strict mode", function()
  local ask, state = create(function(_, s) return away_after_one(s) end,
    { seq = 1 })
  ask(mint(1))
  state.time, state.wall = 5005, 1700000005
  assert(ask(mint(1)) == verdict.unavailable)
end)

test("lets nothing live on while a server answers that it cannot", function()
  local ask, state = create(function(_, s)
    if #s.asked == 1 then return answer(), "e" end
    return verdict.unavailable, false
  end, { seq = 1, stale = 10 })
  ask(mint(1))
  state.time, state.wall = 5005, 1700000005
  assert(ask(mint(1)) == verdict.unavailable)
end)
