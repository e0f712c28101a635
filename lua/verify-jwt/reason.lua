--- Knows the closed lists of contract: what a verdict may give as reason and
-- as detail, and beside which of them claims may be shown.

local function set_of(text)
  local set = {}
  for word in text:gmatch("%S+") do set[word] = true end
  return set
end

local reason = {}

reason.OK = "ok"
reason.INVALID = "E_TKN_INVALID"
reason.UNAVAILABLE = "E_BACKEND_UNAVAIL"

reason.all = set_of([[
  ok E_TKN_INVALID E_TKN_LEGACY E_TKN_ACCESS_TOKEN_REQUIRED E_AUD_MISMATCH
  E_BACKEND_UNAVAIL
]])

reason.details = set_of([[
  missing malformed too_large ambiguous algorithm unknown_key signature
  decrypt expired not_yet_valid issuer audience claim legacy refresh_token
  revoked unavailable internal
]])

--- Refusals for what an authentic token says; its claims may go with them.
reason.authentic = set_of([[
  expired not_yet_valid issuer audience claim legacy refresh_token revoked
]])

return reason
