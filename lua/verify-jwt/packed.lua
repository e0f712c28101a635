--- Knows the one text in which a known verdict leaves Lua on the fast path,
-- and which haproxy.cfg takes apart by place: HAProxy's `bytes` costs next to
-- nothing, while each further call of Lua would cost a microsecond.
--
--   2 bytes     "s1" or "l1": the token's generation
--   64 bytes    for each claim of JWT_CLAIM_VARS, in order: its value
--               between two bytes 3, then spaces; only spaces without it
--   the rest    x-tkn-body

local verdict = require("verify-jwt.verdict")

local find, rep, sub = string.find, string.rep, string.sub

local GENERATION, BODY = verdict.GENERATION, verdict.BODY
local HEADER, VARIABLES = verdict.HEADER, verdict.VARIABLES
local PACKED, REASON = verdict.PACKED, verdict.REASON

local SLOT_BYTES = 64
local MAX_CLAIMS = 4
local MARK = "\3"
local LETTER = { stateless = "s1", legacy = "l1" }
local NAME_OF = { s1 = "stateless", l1 = "legacy" }

local packed = {}

--- Creates a packer for the claims that are set as variables.
-- @param names variables' whole names, in the order of JWT_CLAIM_VARS; nil
--   for all claims, which have no order and so no fast path
function packed.create(names)
  local slots = {}
  local self = {}
  local enabled = names ~= nil and #names <= MAX_CLAIMS
  local body_at = 3 + SLOT_BYTES * (names and #names or 0)
  for i, name in ipairs(names or {}) do slots[name] = i end

  local function head_of(entry)
    local values = {}
    for i = 1, #names do values[i] = rep(" ", SLOT_BYTES) end
    local variables = entry[VARIABLES] or {}
    for i = 1, #variables, 2 do
      local slot = slots[variables[i]]
      local value = MARK .. variables[i + 1] .. MARK
      -- A value without room, or one that would end early.
      if not slot or #value > SLOT_BYTES or find(variables[i + 1], MARK, 1,
        true) then
        return nil
      end
      values[slot] = value .. rep(" ", SLOT_BYTES - #value)
    end
    return LETTER[entry[GENERATION]] .. table.concat(values)
  end

  --- Packs a verdict that has not been packed yet. A refusal, a JWE (it has
  -- one header more) and what has no room are left to the action. Requests
  -- may be holding the verdict at this moment, to write its claims: it stays
  -- as it is, and a packed one is made for the cache.
  -- @return a copy with the text, or the verdict itself with "" for it
  function self.pack(entry)
    local head
    if enabled and entry[REASON] == "ok" and entry[BODY]
      and entry[GENERATION] and not entry[HEADER] then
      head = head_of(entry)
    end
    if not head then
      entry[PACKED] = ""
      return entry
    end
    local copy = { table.unpack(entry) }
    copy[PACKED] = head .. entry[BODY]
    copy[BODY], copy[VARIABLES] = false, false
    return copy
  end

  --- The verdict whole again: itself if it was not packed, else a copy.
  function self.unpack(entry)
    local text = entry[PACKED]
    if not text or text == "" then return entry end
    local copy = { table.unpack(entry) }
    copy[GENERATION] = NAME_OF[sub(text, 1, 2)]
    copy[BODY] = sub(text, body_at)
    local variables = {}
    for i, name in ipairs(names) do
      local at = 3 + SLOT_BYTES * (i - 1)
      local value = sub(text, at, at + SLOT_BYTES - 1):match("^\3(.*)\3")
      if value then
        variables[#variables + 1] = name
        variables[#variables + 1] = value
      end
    end
    copy[VARIABLES] = #variables > 0 and variables
    return copy
  end

  return self
end

return packed
