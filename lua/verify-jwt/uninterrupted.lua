--- HAProxy takes the turn from Lua after some thousand instructions
-- (tune.lua.forced-yield), at any of them, and lets other requests run in the
-- same state. What several of them change is changed by functions that run
-- here: below a C function that has called Lua, HAProxy cannot take it.

local gsub = string.gsub

--- Runs a function whole.
-- @param work function() that is short, waits for nothing and returns nothing;
--   each local that it uses of its maker's costs an allocation
return function(work)
  gsub("x", "x", work)
end
