--- Knows what a verdict is: the token-server's answer once it has been
-- checked member by member, or a refusal made here.
--
-- A verdict is an array, read by the constants below: half the memory of a
-- table with names, and a thread keeps fifty thousand of them.

local cjson = require("cjson").new()

local reason = require("verify-jwt.reason")

local find = string.find

local MAX_INTEGER = 2 ^ 53
local MAX_TAGS, MAX_TAG_BYTES = 16, 64

cjson.decode_max_depth(4)
cjson.decode_invalid_numbers(false)

local verdict = {
  -- The text it was given for, a refused one's digest; set by the cache.
  KEY = 1,
  -- One of contract's codes; `ok` alone is valid.
  REASON = 2,
  -- The finer cause of a refusal, or false.
  DETAIL = 3,
  -- "stateless", "legacy" or false.
  GENERATION = 4,
  -- Claims as x-tkn-body holds them, or false.
  BODY = 5,
  -- Protected header of a JWE, or false.
  HEADER = 6,
  -- Flat list: variable, value, variable, value …; or false.
  VARIABLES = 7,
  -- It holds while os.time() is below; math.huge without an end of its own.
  UNTIL = 8,
  -- True for a refusal that can never become valid.
  FINAL = 9,
  -- When the cache must forget it, by either clock; set by the cache.
  WALL_END = 10,
  MONOTONIC_END = 11,
  -- The text that the fast path takes apart, which then stands for BODY and
  -- VARIABLES; false until it is asked for, "" where it cannot be.
  PACKED = 12,
  -- Bytes that the cache counts for it; set by the cache.
  WEIGHT = 13,
  -- Sequence of the store's journal at which it was judged, or -1.
  SEQ = 14,
  -- What it must be forgotten for: the answer's list of tags, or false; the
  -- cache puts its own records in their place.
  TAGS = 15,
}

local VARIABLE_PREFIX = "txn.tkn.payload."
-- In the C locale, which HAProxy does not leave: below a space, and DEL.
local CONTROL = "%c"

--- All places are taken at once, so that the array never grows.
local function create(code, detail, generation, body, header, variables,
  ends, final)
  return {
    false, code, detail, generation, body, header, variables, ends, final,
    0, 0, false, 0, -1, false,
  }
end

--- A refusal made on this side.
function verdict.refusal(code, detail)
  return create(code, detail, false, false, false, false, math.huge, false)
end

--- A copy for one request that says it is no longer sure.
function verdict.to_stale(entry)
  local copy = { table.unpack(entry) }
  copy[verdict.DETAIL] = "stale"
  return copy
end

--- Nobody could judge. Never cached.
verdict.unavailable = verdict.refusal(reason.UNAVAILABLE, "unavailable")

--- Something failed inside. Never cached.
verdict.internal = verdict.refusal(reason.UNAVAILABLE, "internal")

local function is_text(value)
  return type(value) == "string" and not find(value, CONTROL)
end

local function is_absent_or_text(value)
  return value == nil or is_text(value) and value ~= ""
end

--- Claim variables as a flat list, or nil when they are not what they
-- should be. A value with a control character could split a line wherever
-- the configuration puts it, so it becomes a JSON text.
local function to_variables(vars)
  local list, n = {}, 0
  for name, value in pairs(vars) do
    if type(name) ~= "string" or find(name, "[^A-Za-z0-9_.]") or name == ""
      or type(value) ~= "string" then
      return nil
    end
    if find(value, CONTROL) then value = cjson.encode(value) end
    list[n + 1], list[n + 2] = VARIABLE_PREFIX .. name, value
    n = n + 2
  end
  return list
end

local function generation_of(answer)
  local stateless, legacy = answer.stateless, answer.legacy
  if stateless == nil and legacy == nil then return false end
  if stateless == "1" and legacy == nil then return "stateless" end
  if legacy == "1" and stateless == nil then return "legacy" end
  return nil
end

local function is_consistent(answer)
  local code, detail = answer.reason, answer.detail
  if not reason.all[code] then return false end
  if detail ~= nil and not reason.details[detail] then return false end
  if answer.valid == "1" then
    return code == reason.OK and detail == nil
  end
  return answer.valid == "0" and code ~= reason.OK
end

local function until_of(answer)
  local value = answer["until"]
  if value == nil then return math.huge end
  if type(value) ~= "number" then return nil end
  value = math.tointeger(value)
  if not value or value < 0 or value > MAX_INTEGER then return nil end
  return value
end

local function is_tag_list(tags)
  if type(tags) ~= "table" or #tags > MAX_TAGS then return false end
  local count = 0
  for _, tag in pairs(tags) do
    count = count + 1
    if type(tag) ~= "string" or #tag > MAX_TAG_BYTES then return false end
  end
  return count == #tags
end

--- Puts into a verdict where it was judged; the epoch, or nil where the
-- answer does not say it all, so that it cannot be kept under a lease.
local function note_place(entry, answer)
  local seq = answer.seq
  if type(seq) ~= "number" or not math.tointeger(seq) or seq < 0
    or type(answer.epoch) ~= "string" then
    return nil
  end
  entry[verdict.SEQ] = math.tointeger(seq)
  if is_tag_list(answer.tags) then entry[verdict.TAGS] = answer.tags end
  return answer.epoch
end

--- Reads the token-server's answer.
-- @param text       the body
-- @param with_claims true when a valid answer must bring claims; a JWE's are
--   kept from a verifier that has not shown its key
-- @return a verdict, and the epoch it was judged in; or nil when the text is
--   anything but a whole and consistent answer; or verdict.unavailable where
--   the server says so
function verdict.parse(text, with_claims)
  local ok, answer = pcall(cjson.decode, text)
  if not ok or type(answer) ~= "table" or not is_consistent(answer) then
    return nil
  end
  if answer.reason == reason.UNAVAILABLE then return verdict.unavailable end
  local valid = answer.valid == "1"
  local body, header = answer.body, answer.header
  local generation, ends = generation_of(answer), until_of(answer)
  if not is_absent_or_text(body) or not is_absent_or_text(header)
    or generation == nil or ends == nil then
    return nil
  end
  if not valid and not reason.authentic[answer.detail]
    and (body or header or generation or answer.vars ~= nil) then
    return nil
  end
  if valid and with_claims and not (body and generation) then return nil end
  local variables = false
  if answer.vars ~= nil then
    variables = type(answer.vars) == "table" and to_variables(answer.vars)
    if not variables then return nil end
    if #variables == 0 then variables = false end
  end
  local final = answer.final
  if final ~= nil and type(final) ~= "boolean" then return nil end
  local entry = create(answer.reason, answer.detail or false, generation,
    body or false, header or false, variables, ends,
    not valid and final == true)
  return entry, note_place(entry, answer)
end

return verdict
