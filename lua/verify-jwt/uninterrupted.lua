--- HAProxy takes the turn from Lua after some thousand instructions
-- (tune.lua.forced-yield), at any of them, and lets other requests run in the
-- same state. What several of them change is changed by functions that run
-- here: below a C function that has called Lua, HAProxy cannot take it.

local gsub = string.gsub

--- Runs a function whole. It must be short, and wait for nothing.
-- @return its first two results
return function(work, a, b, c, d, e)
  local first, second
  gsub("x", "x", function() first, second = work(a, b, c, d, e) end)
  return first, second
end
