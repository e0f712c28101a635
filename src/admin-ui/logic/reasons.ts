/** The codes of refusals in words. */

/** Both the reasons that verdicts are counted by and the finer details. */
export const REASON_WORDS: ReadonlyMap<string, string> = new Map([
  ["ok", "valid"],
  ["E_TKN_INVALID", "not valid"],
  ["E_TKN_LEGACY", "legacy"],
  ["E_TKN_ACCESS_TOKEN_REQUIRED", "refresh token"],
  ["E_AUD_MISMATCH", "wrong audience"],
  ["E_BACKEND_UNAVAIL", "nobody could judge"],
  ["too_large", "too large"],
  ["unknown_key", "unknown key"],
  ["not_yet_valid", "not yet valid"],
  ["refresh_token", "refresh token"],
]);
