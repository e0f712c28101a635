--- Runs every *_test.lua beside it, or those named, in one Lua state:
-- `lua5.3 test/lua/run.lua [name …]`. The last line is
-- `N passed, N failed`; the exit code is 1 when one failed.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../../lua/?.lua;" .. here .. "/?.lua;"
  .. package.path

local passed, failed = 0, 0

--- What a test file gets: `test(subject)` returns a function that runs one
-- behaviour and counts it.
local function subject(name)
  return function(behaviour, body)
    local ok, problem = xpcall(body, debug.traceback)
    if ok then
      passed = passed + 1
    else
      failed = failed + 1
      io.stderr:write(("FAIL %s %s\n%s\n"):format(name, behaviour, problem))
    end
  end
end

local function test_files()
  if #arg > 0 then return arg end
  local names = {}
  local listing = assert(io.popen(("ls '%s'"):format(here)))
  for line in listing:lines() do
    local name = line:match("^(.*)_test%.lua$")
    if name then names[#names + 1] = name end
  end
  listing:close()
  return names
end

for _, name in ipairs(test_files()) do
  local load_test = assert(loadfile(here .. "/" .. name .. "_test.lua"))
  local ok, problem = xpcall(load_test, debug.traceback, subject(name))
  if not ok then
    failed = failed + 1
    io.stderr:write(("FAIL %s does not load\n%s\n"):format(name, problem))
  end
end

print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and 0 or 1)
