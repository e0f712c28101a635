/** The closed lists of reasons and details that leave this program, and how one follows from the other. */

/** The value of `x-tkn-reason`. Programs that read these know no others. */
export type Reason =
  | "ok"
  | "E_TKN_INVALID"
  | "E_TKN_LEGACY"
  | "E_TKN_ACCESS_TOKEN_REQUIRED"
  | "E_AUD_MISMATCH"
  | "E_BACKEND_UNAVAIL";

/** The finer cause of a refusal, the value of `x-tkn-detail`. */
export type Detail =
  | "missing"
  | "malformed"
  | "too_large"
  | "ambiguous"
  | "algorithm"
  | "unknown_key"
  | "signature"
  | "decrypt"
  | "expired"
  | "not_yet_valid"
  | "issuer"
  | "audience"
  | "claim"
  | "legacy"
  | "refresh_token"
  | "revoked"
  | "unavailable"
  | "internal";

const NAMED_REASONS: ReadonlyMap<Detail, Exclude<Reason, "ok">> = new Map([
  ["audience", "E_AUD_MISMATCH"],
  ["legacy", "E_TKN_LEGACY"],
  ["refresh_token", "E_TKN_ACCESS_TOKEN_REQUIRED"],
  ["unavailable", "E_BACKEND_UNAVAIL"],
  ["internal", "E_BACKEND_UNAVAIL"],
]);

/** Maps the cause of a refusal to the reason that the outside knows. */
export function reasonOf(detail: Detail): Exclude<Reason, "ok"> {
  return NAMED_REASONS.get(detail) ?? "E_TKN_INVALID";
}

/**
 * Tells whether a refusal can be remembered: the same bytes, asked again a moment later under the same
 * keys and rules, are refused again. An unknown key may be fetched and a token's time may come; an
 * outage is never remembered.
 */
export function isFinal(detail: Detail): boolean {
  return !(
    detail === "unknown_key" ||
    detail === "not_yet_valid" ||
    detail === "unavailable" ||
    detail === "internal"
  );
}
