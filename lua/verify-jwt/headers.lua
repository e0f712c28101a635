--- Writes what the rest of the configuration and the upstream may know: the
-- headers and variables of contract. Nothing else writes them, and `valid`
-- is written last, once the others have been read back.

local reason = require("verify-jwt.reason")
local verdict = require("verify-jwt.verdict")

local find, gmatch, lower = string.find, string.gmatch, string.lower

local REASON, DETAIL = verdict.REASON, verdict.DETAIL
local GENERATION, BODY = verdict.GENERATION, verdict.BODY
local HEADER, VARIABLES = verdict.HEADER, verdict.VARIABLES

local OK = reason.OK
local TOO_LARGE = verdict.refusal(reason.INVALID, "too_large")
-- Upstreams read `_`, `.` and the like as `-`.
local OURS = "[,]x[^a-z0-9]tkn[^a-z0-9]"
local NAME_OF_OURS = "^x[^a-z0-9]tkn[^a-z0-9]"

local headers = {}

--- Names of all the request's headers: ",host,accept,".
function headers.names(txn)
  return "," .. lower(txn.f:req_hdr_names() or "") .. ","
end

--- Deletes whatever a client sent under a name that could be read as ours.
local function clear(txn, names)
  if not find(names, OURS) then return end
  for name in gmatch(names, "[^,]+") do
    if find(name .. ",", NAME_OF_OURS) then txn.http:req_del_header(name) end
  end
end

--- A configuration may run the action twice, in a listen and a frontend;
-- then nothing of the first run may show beside the second's verdict.
local function forget(txn)
  txn:unset_var("txn.tkn.valid")
  for _, name in ipairs({ "reason", "detail", "stateless", "legacy" }) do
    txn:unset_var("txn.tkn." .. name)
  end
  local variables = txn:get_priv() or {}
  for i = 1, #variables, 2 do txn:unset_var(variables[i]) end
end

--- Brings a request to the state from which nothing can go wrong: no name
-- of ours but `x-tkn-valid: 0`, and no variable of ours.
-- @return the names, as they were
function headers.begin(txn)
  if txn:get_var("txn.tkn.valid") ~= nil then forget(txn) end
  local names = headers.names(txn)
  clear(txn, names)
  txn.http:req_set_header("x-tkn-valid", "0")
  return names
end

--- Sets a header and reads it back: in a full buffer HAProxy drops it and
-- says nothing.
local function set(txn, name, value)
  txn.http:req_set_header(name, value)
  return txn.f:req_fhdr(name) == value
end

local function set_variables(txn, entry)
  local variables = entry[VARIABLES]
  if not variables then return true end
  txn:set_priv(variables)
  for i = 1, #variables, 2 do
    if not txn:set_var(variables[i], variables[i + 1]) then return false end
  end
  return true
end

local function deliver(txn, entry)
  local code, detail = entry[REASON], entry[DETAIL]
  local body, header = entry[BODY], entry[HEADER]
  local generation = entry[GENERATION]
  local complete = set_variables(txn, entry)
    and (not body or set(txn, "x-tkn-body", body))
    and (not header or set(txn, "x-tkn-header", header))
  if complete and generation then
    complete = set(txn, "x-tkn-" .. generation, "1")
      and txn:set_var("txn.tkn." .. generation, "1")
  end
  if complete and detail then
    complete = set(txn, "x-tkn-detail", detail)
      and txn:set_var("txn.tkn.detail", detail)
  end
  if not complete or not set(txn, "x-tkn-reason", code)
    or not txn:set_var("txn.tkn.reason", code) then
    return false
  end
  local valid = code == OK and "1" or "0"
  return set(txn, "x-tkn-valid", valid) and txn:set_var("txn.tkn.valid", valid)
end

--- Writes a verdict. When it does not fit, nothing of it stays and the
-- request is refused; when not even the refusal fits, `txn.tkn.valid` is not
-- set and the guard of the configuration turns the request away.
-- @return the verdict that was written
function headers.deliver(txn, entry)
  if deliver(txn, entry) then return entry end
  headers.refuse(txn, TOO_LARGE)
  return TOO_LARGE
end

--- Takes everything back and writes a refusal made here.
function headers.refuse(txn, entry)
  forget(txn)
  clear(txn, headers.names(txn))
  deliver(txn, entry)
end

return headers
