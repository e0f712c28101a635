local test = ...
local remembered = require("verify-jwt.remembered")

local function create()
  local state = { reads = 0 }
  local read = remembered.create(function(text)
    state.reads = state.reads + 1
    return text ~= "bad" and { text = text } or nil
  end, 10)
  return read, state
end

test("reads a text once", function()
  local read, state = create()
  assert(read("a").text == "a" and read("a") == read("a"))
  assert(read("b").text == "b" and state.reads == 2)
end)

test("remembers neither what cannot be read nor what is long", function()
  local read, state = create()
  assert(read("bad") == nil and read("bad") == nil and state.reads == 2)
  local long = ("x"):rep(11)
  assert(read(long).text == long and read(long).text == long)
  assert(state.reads == 4)
end)

test("does not grow without end", function()
  local read, state = create()
  for n = 1, 1000 do read("n" .. n) end
  read("n1")
  assert(state.reads == 1001)
end)
