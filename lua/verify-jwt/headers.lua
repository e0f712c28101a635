--- Writes what the rest of the configuration and the upstream may know: the
-- headers and variables of contract. Nothing else writes them, and `valid`
-- is written last, once the others have been read back.

local reason = require("verify-jwt.reason")
local verdict = require("verify-jwt.verdict")

local find, gmatch, sub = string.find, string.gmatch, string.sub

local REASON, DETAIL = verdict.REASON, verdict.DETAIL
local GENERATION, BODY = verdict.GENERATION, verdict.BODY
local HEADER, VARIABLES = verdict.HEADER, verdict.VARIABLES

local OK = reason.OK
local TOO_LARGE = verdict.refusal(reason.INVALID, "too_large")
-- Upstreams read `_`, `.` and the like as `-`.
local OURS = "^x[^a-z0-9]tkn[^a-z0-9]"

local FIXED = {
  "txn.tkn.valid", "txn.tkn.reason", "txn.tkn.detail", "txn.tkn.stateless",
  "txn.tkn.legacy",
}

local headers = {}

--- Deletes whatever a client sent under a name that could be read as ours.
-- HAProxy has turned all names to lower case.
local function clear(txn, names)
  if not find(names, "tkn", 1, true) then return end
  for name in gmatch(names, "[^,]+") do
    if find(name .. ",", OURS) then txn.http:req_del_header(name) end
  end
end

--- A configuration may judge a request twice, in a frontend and a backend;
-- then nothing of the first verdict may show beside the second.
local function forget(txn, names)
  for _, name in ipairs(FIXED) do txn:unset_var(name) end
  for _, name in ipairs(names or {}) do txn:unset_var(name) end
  if names then return end
  local variables = txn:get_priv() or {}
  for i = 1, #variables, 2 do txn:unset_var(variables[i]) end
end

local GENERATION_HEADER = {
  stateless = "x-tkn-stateless", legacy = "x-tkn-legacy",
}
local GENERATION_VARIABLE = {
  stateless = "txn.tkn.stateless", legacy = "txn.tkn.legacy",
}

--- Sets all but `valid`, from the last header to the first.
-- @return the names that must now end the list of the request's headers
local function set_headers(http, entry)
  local written = ""
  local generation, header = entry[GENERATION], entry[HEADER]
  local body, detail = entry[BODY], entry[DETAIL]
  if generation then
    http:req_set_header(GENERATION_HEADER[generation], "1")
    written = "," .. GENERATION_HEADER[generation]
  end
  if header then
    http:req_set_header("x-tkn-header", header)
    written = written .. ",x-tkn-header"
  end
  if body then
    http:req_set_header("x-tkn-body", body)
    written = written .. ",x-tkn-body"
  end
  if detail then
    http:req_set_header("x-tkn-detail", detail)
    written = written .. ",x-tkn-detail"
  end
  http:req_set_header("x-tkn-reason", entry[REASON])
  return written .. ",x-tkn-reason"
end

--- Sets all but `valid`; false when HAProxy has no room for one.
local function set_variables(txn, entry)
  local generation, detail = entry[GENERATION], entry[DETAIL]
  local variables = entry[VARIABLES]
  if generation and not txn:set_var(GENERATION_VARIABLE[generation], "1")
    or detail and not txn:set_var("txn.tkn.detail", detail)
    or not txn:set_var("txn.tkn.reason", entry[REASON]) then
    return false
  end
  if variables then
    for i = 1, #variables, 2 do
      if not txn:set_var(variables[i], variables[i + 1]) then return false end
    end
  end
  return true
end

--- Writes from the last to the first. In a full buffer HAProxy drops a header
-- and says nothing, so `valid` comes after the others have been found in the
-- request, and counts only if it is found there itself.
local function deliver(txn, entry)
  local http, fetch = txn.http, txn.f
  local written = set_headers(http, entry)
  if not set_variables(txn, entry)
    or sub(fetch:req_hdr_names(), -#written) ~= written then
    return false
  end
  local valid = entry[REASON] == OK and "1" or "0"
  http:req_set_header("x-tkn-valid", valid)
  return fetch:req_fhdr("x-tkn-valid") == valid
    and txn:set_var("txn.tkn.valid", valid)
end

--- Creates a writer.
-- @param names variables of the claims in JWT_CLAIM_VARS; nil for all, which
--   then leave a note of their own
function headers.create(names)
  local self = {}

  --- Brings a request to the state from which nothing can go wrong: no name
  -- of ours but `x-tkn-valid: 0`, and no variable of ours.
  -- @return the names of its headers, as they were: "host,accept"
  function self.begin(txn)
    if txn:get_var("txn.tkn.valid") ~= nil then forget(txn, names) end
    local present = txn.f:req_hdr_names() or ""
    clear(txn, present)
    txn.http:req_set_header("x-tkn-valid", "0")
    return present
  end

  --- Takes everything back and writes a refusal made here.
  function self.refuse(txn, entry)
    forget(txn, names)
    self.begin(txn)
    deliver(txn, entry)
  end

  --- Writes a verdict. When it does not fit, nothing of it stays and the
  -- request is refused; when not even the refusal fits, `txn.tkn.valid` is
  -- not set and the guard of the configuration turns the request away.
  function self.deliver(txn, entry)
    if not names and entry[VARIABLES] then txn:set_priv(entry[VARIABLES]) end
    if not deliver(txn, entry) then self.refuse(txn, TOO_LARGE) end
  end

  return self
end

return headers
