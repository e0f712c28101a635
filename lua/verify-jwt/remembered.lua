--- Remembers what a function made of a text: for texts that are few and come
-- again and again, though an outsider may send others. What he can put in is
-- bounded: the memory is emptied when it is full.

local MAX_TEXTS = 256

local remembered = {}

--- @param read      function(text) -> a value, or nil, which is not remembered
-- @param max_bytes longer texts are read each time
-- @return the same function, with a memory
function remembered.create(read, max_bytes)
  local known, count = {}, 0
  return function(text)
    local value = known[text]
    if value then return value end
    value = read(text)
    if value and #text <= max_bytes then
      if count >= MAX_TEXTS then known, count = {}, 0 end
      known[text], count = value, count + 1
    end
    return value
  end
end

return remembered
