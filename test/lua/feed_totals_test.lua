local test = ...
local cjson = require("cjson")
local fixture = require("feed_fixture")

local ANSWER, create = fixture.ANSWER, fixture.create

--- What the polls said was counted: known, asked, stale.
local function stats_of(state)
  local list = {}
  for i, headers in ipairs(state.polls) do
    list[i] = headers["X-Jwt-Stats"]:match("^(.*),entries=3,bytes=4096$")
  end
  return list
end

test("tells what it has counted, and nothing twice under another id",
  function()
    local answers = { cjson.encode(ANSWER), cjson.encode(ANSWER), false }
    local news, state = create(function(_, own)
      return answers[#own.polls] or nil
    end)
    for i = 1, 3 do
      state.totals = { 10 * i, 2 * i, i }
      news.poll()
    end
    news.start_over()
    state.totals = { 40, 8, 4 }
    news.poll()
    local told = stats_of(state)
    assert(told[1] == "hits=10,asked=2,stale=1")
    assert(told[2] == "hits=20,asked=4,stale=2")
    assert(told[3] == "hits=30,asked=6,stale=3")
    -- The third was not answered, so that the server may not know of it.
    assert(told[4] == "hits=20,asked=4,stale=2")
  end)

test("tells nothing twice that was told while it began anew", function()
  local news, state
  news, state = create(function(_, own)
    if #own.polls == 1 then news.start_over() end
    return cjson.encode(ANSWER)
  end)
  state.totals = { 10, 2, 1 }
  news.poll()
  state.totals = { 15, 3, 1 }
  news.poll()
  local told = stats_of(state)
  assert(told[1] == "hits=10,asked=2,stale=1")
  assert(told[2] == "hits=5,asked=1,stale=0")
end)
