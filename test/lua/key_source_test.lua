local test = ...
local key_source = require("verify-jwt.key_source")

local SECRET = ("s"):rep(32)
local GOOD = ('[{"kid":"a","secret":"%s"}]'):format(SECRET)
local OTHER = ('[{"kid":"b","secret":"%s"}]'):format(SECRET .. "b")

local function create(files, urls)
  local state = { files = files, time = 1000, log = {}, answers = {} }
  local paths = {}
  for path in pairs(files) do paths[#paths + 1] = path end
  table.sort(paths)
  local source = key_source.create({
    core = {
      httpclient = function()
        return { get = function(_, options)
          state.asked = options
          return state.answers[options.url]
        end }
      end,
    },
    settings = { key_files = paths, key_urls = urls or {} },
    read_file = function(path) return state.files[path] or nil end,
    now = function() return state.time end,
    log = function(line) state.log[#state.log + 1] = line end,
  })
  return source, state
end

local function kids(source)
  local names = {}
  for name in pairs(source.ring().by_kid) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, ",")
end

test("has no keys before it has read any", function()
  assert(kids(create({ ["/a"] = GOOD })) == "")
end)

test("joins files and URLs", function()
  local source, state = create({ ["/a"] = GOOD }, { "http://10.0.0.1/k" })
  state.answers["http://10.0.0.1/k"] = { status = 200, body = OTHER,
    headers = {} }
  source.update()
  assert(kids(source) == "a,b")
end)

test("waits for no URL while loading", function()
  local source, state = create({ ["/a"] = GOOD }, { "http://10.0.0.1/k" })
  source.update(true)
  assert(kids(source) == "a" and state.asked == nil)
end)

test("finds localhost without a resolver", function()
  local source, state = create({}, { "http://localhost:4000/keys.json" })
  source.update()
  assert(state.asked.dst == "ipv4@127.0.0.1:4000")
end)

test("drops a key that its file holds no more", function()
  local source, state = create({ ["/a"] = GOOD })
  source.update()
  state.files["/a"] = OTHER
  source.update()
  assert(kids(source) == "b")
  state.files["/a"] = "[]"
  source.update()
  assert(kids(source) == "")
end)

local KEPT = {
  { "cut in half", GOOD:sub(1, 20) }, { "empty", "" }, { "gone", false },
  { "HTML", "<html>" }, { "null", "null" },
}
for _, row in ipairs(KEPT) do
  test("keeps the keys while the file is " .. row[1], function()
    local source, state = create({ ["/a"] = GOOD })
    source.update()
    state.files["/a"] = row[2]
    source.update()
    source.update()
    assert(kids(source) == "a" and #state.log == 1)
    assert(not state.log[1]:find(SECRET, 1, true))
  end)
end

local BAD_ANSWERS = {
  { "nothing", nil }, { "503", { status = 503, body = GOOD, headers = {} } },
  { "a redirect", { status = 302, body = OTHER, headers = {} } },
  { "a megabyte and more", { status = 200, headers = {},
    body = (" "):rep(1024 * 1024) .. OTHER } },
  { "no body", { status = 200, headers = {} } },
}
for _, row in ipairs(BAD_ANSWERS) do
  test("keeps the keys while the URL answers " .. row[1], function()
    local url = "http://10.0.0.1/k"
    local source, state = create({}, { url })
    state.answers[url] = { status = 200, body = GOOD, headers = {} }
    source.update()
    state.answers[url] = row[2]
    source.update()
    assert(kids(source) == "a" and #state.log == 1)
    assert(not state.log[1]:find("10.0.0.1", 1, true))
  end)
end

test("drops the keys of a source that was silent for a day", function()
  local source, state = create({ ["/a"] = GOOD, ["/b"] = OTHER })
  source.update()
  state.files["/a"] = false
  state.time = state.time + 86400
  source.update()
  assert(kids(source) == "a,b")
  state.time = state.time + 1
  source.update()
  assert(kids(source) == "b")
end)
