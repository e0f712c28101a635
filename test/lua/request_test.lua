local test = ...
local fake_txn = require("fake_txn")
local request = require("verify-jwt.request")

local SCHEMES = { jwt = true, bearer = true }

local function read(headers, options, url)
  options = options or {}
  local txn = fake_txn.create(headers, url)
  local reader = request.reader({
    schemes = SCHEMES, cookie = options.cookie, query = options.query,
  })
  local text, detail = reader(txn, txn.f.req_hdr_names())
  return text, detail, txn
end

local BEARER = { "authorization", "Bearer a.b.c" }

test("takes the whole value of the one header", function()
  local text, from_header = read({ { "host", "x" }, BEARER })
  assert(text == "Bearer a.b.c" and from_header == true)
end)

test("does not take another header for it", function()
  local text, detail = read({ { "proxy-authorization", "Bearer a" },
    { "x-authorization", "Bearer a" }, { "authorization-x", "Bearer a" } })
  assert(text == nil and detail == "missing")
end)

test("sees it between others that hold its name", function()
  assert(read({ { "proxy-authorization", "x" }, BEARER,
    { "authorization-x", "x" } }) == "Bearer a.b.c")
end)

test("refuses two headers", function()
  local text, detail = read({ BEARER, { "host", "x" }, BEARER })
  assert(text == nil and detail == "ambiguous")
  text, detail = read({ { "authorization", "Basic x" }, BEARER })
  assert(text == nil and detail == "ambiguous")
end)

local BOTH = { cookie = "session", query = "t" }
local COOKIE = { "cookie", "a=1; session=c.c.c" }

test("takes a cookie and leaves it", function()
  local text, from_header, txn = read({ COOKIE }, BOTH)
  assert(text == "c.c.c" and from_header == false)
  assert(#txn.headers == 1)
end)

test("takes a parameter out of the URI", function()
  local text, _, txn = read({}, BOTH, "/p?a=1&t=q.q.q&b=2")
  assert(text == "q.q.q" and txn.url_now == "/p?a=1&b=2")
  text, _, txn = read({}, BOTH, "/p?t=q.q.q")
  assert(text == "q.q.q" and txn.url_now == "/p")
end)

test("leaves a URI without the parameter as it is", function()
  local _, _, txn = read({ BEARER }, BOTH, "/p?&a=%41&")
  assert(txn.url_now == "/p?&a=%41&")
end)

test("takes the header's token where other places are empty", function()
  assert(read({ BEARER, { "cookie", "a=1" } }, BOTH, "/") == "a.b.c")
end)

local AMBIGUOUS = {
  { "header and cookie", { BEARER, COOKIE }, "/" },
  { "header and parameter", { BEARER }, "/?t=q" },
  { "cookie and parameter", { COOKIE }, "/?t=q" },
  { "a cookie twice", { { "cookie", "session=a; session=b" } }, "/" },
  { "a cookie in two headers", { COOKIE, COOKIE }, "/" },
  { "a parameter twice", {}, "/?t=a&t=a" },
  { "a broken header and a cookie", { { "authorization", "Bearer a b" },
    COOKIE }, "/" },
  { "two headers", { BEARER, BEARER }, "/" },
}
for _, row in ipairs(AMBIGUOUS) do
  test("refuses " .. row[1], function()
    local text, detail, txn = read(row[2], BOTH, row[3])
    assert(text == nil and detail == "ambiguous")
    assert(not txn.url_now:find("t=", 1, true))
  end)
end

test("refuses a broken header alone for what it is", function()
  local text, detail = read({ { "authorization", "Bearer a b" } }, BOTH)
  assert(text == nil and detail == "malformed")
end)

test("finds nothing where there is nothing", function()
  local text, detail = read({ { "authorization", "Basic x" } }, BOTH)
  assert(text == nil and detail == "missing")
end)

local TRACEPARENT =
  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

test("passes on by what a request is traced", function()
  local trace = request.trace(fake_txn.create({
    { "x-request-id", "a1_B:2-3" }, { "traceparent", TRACEPARENT },
  }))
  assert(trace == "X-Request-Id: a1_B:2-3\r\nTraceparent: " .. TRACEPARENT
    .. "\r\n")
  assert(request.trace(fake_txn.create({ { "host", "x" } })) == "")
end)

local NOT_PASSED_ON = {
  { "a token", "a.b.c" }, { "a line break", "a\r\nAuthorization: x" },
  { "nothing", "" }, { "a space", "a b" }, { "65 characters", ("a"):rep(65) },
}
for _, row in ipairs(NOT_PASSED_ON) do
  test("does not pass on as a request's name " .. row[1], function()
    local trace = request.trace(fake_txn.create({
      { "x-request-id", row[2] }, { "traceparent", row[2] },
    }))
    assert(trace == "")
  end)
end
