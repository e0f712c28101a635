local test = ...
local key_source = require("verify-jwt.key_source")

local SECRET = ("s"):rep(32)
local GOOD = ('[{"kid":"a","secret":"%s"}]'):format(SECRET)
local OTHER = ('[{"kid":"b","secret":"%s"}]'):format(SECRET .. "b")

local function create(files, urls)
  local state = { files = files, time = 1000, log = {}, answers = {},
    hangs = {}, fetches = 0 }
  local paths = {}
  for path in pairs(files) do paths[#paths + 1] = path end
  table.sort(paths)
  local source = key_source.create({
    core = {
      httpclient = function()
        return { get = function(_, options)
          state.asked = options
          state.fetches = state.fetches + 1
          if state.hangs[options.url] then coroutine.yield() end
          return state.answers[options.url]
        end }
      end,
    },
    settings = { key_files = paths, key_urls = urls or {},
      sync_interval = 300 },
    read_file = function(path) return state.files[path] or nil end,
    now = function() return state.time end,
    log = function(line) state.log[#state.log + 1] = line end,
  })
  return source, state
end

--- What the tasks do when all sources are due.
local function update(source)
  source.want()
  for _, read in ipairs(source.readers) do read() end
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
  update(source)
  assert(kids(source) == "a,b")
end)

test("waits for no URL while loading", function()
  local source, state = create({ ["/a"] = GOOD }, { "http://10.0.0.1/k" })
  source.load()
  assert(kids(source) == "a" and state.asked == nil)
end)

test("finds localhost without a resolver", function()
  local source, state = create({}, { "http://localhost:4000/keys.json" })
  update(source)
  assert(state.asked.dst == "ipv4@127.0.0.1:4000")
end)

test("drops a key that its file holds no more", function()
  local source, state = create({ ["/a"] = GOOD })
  update(source)
  state.files["/a"] = OTHER
  update(source)
  assert(kids(source) == "b")
  state.files["/a"] = "[]"
  update(source)
  assert(kids(source) == "")
end)

local KEPT = {
  { "cut in half", GOOD:sub(1, 20) }, { "empty", "" }, { "gone", false },
  { "HTML", "<html>" }, { "null", "null" },
}
for _, row in ipairs(KEPT) do
  test("keeps the keys while the file is " .. row[1], function()
    local source, state = create({ ["/a"] = GOOD })
    update(source)
    state.files["/a"] = row[2]
    update(source)
    update(source)
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
    update(source)
    state.answers[url] = row[2]
    update(source)
    assert(kids(source) == "a" and #state.log == 1)
    assert(not state.log[1]:find("10.0.0.1", 1, true))
  end)
end

test("reads a source again when it is time, or when it is wanted", function()
  local source, state = create({ ["/a"] = GOOD })
  local read = source.readers[1]
  source.load()
  state.files["/a"] = OTHER
  read()
  assert(kids(source) == "b")
  state.files["/a"] = GOOD
  state.time = state.time + 299
  read()
  assert(kids(source) == "b")
  state.time = state.time + 1
  read()
  assert(kids(source) == "a")
  state.files["/a"] = OTHER
  source.want()
  read()
  assert(kids(source) == "b")
end)

local SLOW, QUICK = "http://10.0.0.1/slow", "http://10.0.0.2/quick"

--- Two sources, of which the first does not come to an end of its answer.
local function create_hanging()
  local source, state = create({}, { SLOW, QUICK })
  for url, text in pairs({ [SLOW] = GOOD, [QUICK] = OTHER }) do
    state.answers[url] = { status = 200, body = text, headers = {} }
  end
  update(source)
  state.hangs[SLOW] = true
  source.want()
  local task = coroutine.create(source.readers[1])
  assert(coroutine.resume(task))
  assert(coroutine.status(task) == "suspended")
  return source, state, task
end

test("reads a source while another one hangs", function()
  local source, state, task = create_hanging()
  state.answers[QUICK].body = "[]"
  source.readers[2]()
  assert(kids(source) == "a")
  state.answers[SLOW].body = "[]"
  state.answers[QUICK].body = OTHER
  source.want()
  source.readers[2]()
  assert(kids(source) == "a,b")
  assert(coroutine.resume(task))
  assert(kids(source) == "b")
end)

test("reads a source again that was wanted while it was read", function()
  local source, state, task = create_hanging()
  source.want()
  assert(coroutine.resume(task))
  state.hangs[SLOW] = false
  local before = state.fetches
  source.readers[1]()
  source.readers[1]()
  assert(state.fetches == before + 1)
end)

test("drops the keys of a source that hangs for a day", function()
  local source, state, task = create_hanging()
  state.time = state.time + 86400
  source.expire()
  assert(kids(source) == "a,b")
  state.time = state.time + 1
  source.readers[2]()
  source.expire()
  assert(kids(source) == "b" and #state.log == 1)
  -- What it says in the end is as old.
  assert(coroutine.resume(task))
  source.expire()
  assert(kids(source) == "b")
end)

test("drops the keys of a source that was silent for a day", function()
  local source, state = create({ ["/a"] = GOOD, ["/b"] = OTHER })
  update(source)
  state.files["/a"] = false
  state.time = state.time + 86400
  update(source)
  source.expire()
  assert(kids(source) == "a,b")
  state.time = state.time + 1
  source.expire()
  assert(kids(source) == "b")
  state.files["/a"] = GOOD
  update(source)
  source.expire()
  assert(kids(source) == "a,b")
end)
