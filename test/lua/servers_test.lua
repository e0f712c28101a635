local test = ...
local servers = require("verify-jwt.servers")

local function backend(addresses)
  local list = {}
  for name, address in pairs(addresses) do
    list[name] = { get_addr = function() return addresses[name] or address end }
  end
  return { servers = list }
end

local ADDRESSES = {
  { "10.0.0.1:4000", "10.0.0.1", 4000 }, { "::1:4000", "::1", 4000 },
  { "2001:db8::2:80", "2001:db8::2", 80 },
  { "/run/jwt.sock", "/run/jwt.sock", nil },
}
for _, row in ipairs(ADDRESSES) do
  test("reads the address " .. row[1], function()
    local address, port = servers.parse_address(row[1])
    assert(address == row[2] and port == row[3])
  end)
end

for _, text in ipairs({ "<unknown>", "", "0.0.0.0:4000", "10.0.0.1:0", "x" }) do
  test(("takes '%s' for no address yet"):format(text), function()
    assert(servers.parse_address(text) == nil)
  end)
end

test("takes a server that is gone for no address", function()
  assert(servers.parse_address(nil) == nil)
end)

test("finds all servers of all backends with the prefix", function()
  local group = servers.create({ backends = {
    ["jwt-a"] = backend({ s1 = "10.0.0.1:1", s2 = "10.0.0.2:1" }),
    ["jwt-b"] = backend({ s1 = "/s" }), other = backend({ s1 = "10.0.0.9:1" }),
  } }, "jwt")
  group.refresh()
  assert(group.is_configured() and #group.candidates() == 3)
end)

test("takes turns", function()
  local group = servers.create({ backends = {
    jwt = backend({ s1 = "10.0.0.1:1", s2 = "10.0.0.2:1" }),
  } }, "jwt")
  group.refresh()
  local first = group.candidates()[1]
  assert(group.candidates()[1] ~= first and group.candidates()[1] == first)
end)

test("offers none that is away, and only those to a probe", function()
  local group = servers.create({ backends = {
    jwt = backend({ s1 = "10.0.0.1:1", s2 = "10.0.0.2:1" }),
  } }, "jwt")
  group.refresh()
  local server = group.candidates()[1]
  server.away = true
  group.refresh()
  assert(#group.candidates() == 1 and group.candidates()[1] ~= server)
  assert(#group.absent() == 1 and group.absent()[1] == server)
end)

test("follows an address that changes", function()
  local addresses = { s1 = "<unknown>" }
  local group = servers.create({ backends = { jwt = backend(addresses) } },
    "jwt")
  group.refresh()
  assert(#group.candidates() == 0)
  addresses.s1 = "10.0.0.7:4000"
  group.refresh()
  assert(group.candidates()[1].address == "10.0.0.7")
end)

test("knows whether there is another, and whether one is still its own",
  function()
    local addresses = { s1 = "10.0.0.1:1", s2 = "10.0.0.2:1" }
    local group = servers.create({ backends = { jwt = backend(addresses) } },
      "jwt")
    group.refresh()
    local first, second = group.candidates()[1], group.candidates()[1]
    assert(group.has_other(first) and group.holds(first))
    second.away = true
    assert(not group.has_other(first) and group.has_other(second))
    addresses.s1, addresses.s2 = "10.0.0.3:1", "<unknown>"
    group.refresh()
    assert(not group.holds(first) and not group.holds(second))
    assert(group.has_other(first))
  end)

test("knows when no backend has the prefix", function()
  assert(not servers.create({ backends = { other = {} } }, "jwt")
    .is_configured())
end)
