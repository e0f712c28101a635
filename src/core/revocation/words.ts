/** How names, values and times read in a sentence. */
import type { Scalar } from "./compare.ts";
import { jsonText } from "./json-text.ts";
import type { RuleScope } from "./store.ts";

/** Claims whose numbers are seconds since 1970 (RFC 7519 section 4.1, OpenID Connect Core). */
const TIME_CLAIMS: ReadonlySet<string> = new Set(["iat", "exp", "nbf", "auth_time", "updated_at"]);

/** Between 2001 and 2286 a number of seconds can be told from one of milliseconds. */
const FIRST_SECOND = 1_000_000_000;
const LAST_SECOND = 9_999_999_999;

/** `2023-11-14 22:13:20 UTC`. @param seconds since 1970, at most 8.64e12 */
export function timeInWords(seconds: number): string {
  const text = new Date(seconds * 1000).toISOString();
  // From the year 10000 on ISO 8601 needs a sign and two more digits; the year says enough.
  if (text.startsWith("+")) return `the year ${Number(text.slice(1, 7))}`;
  return `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
}

/** A value as JSON, and beside it the time where the claim holds one. */
export function valueInWords(claim: string, value: Scalar): string {
  const isTime =
    TIME_CLAIMS.has(claim) &&
    typeof value === "number" &&
    value >= FIRST_SECOND &&
    value <= LAST_SECOND;
  return isTime ? `${jsonText(value)} (${timeInWords(value)})` : jsonText(value);
}

/** A claim by its path, innermost first: `roles in realm`. In quotes what could be taken for something else. */
export function claimInWords(names: readonly string[]): string {
  return names
    .map((name) => (/^[\w.:/#-]+$/.test(name) ? name : JSON.stringify(name)))
    .toReversed()
    .join(" in ");
}

/** `every token`, `every token of "bob" from issuer "https://…"`. */
export function tokensInWords(scope: RuleScope): string {
  if (scope.kind === "global") return "every token";
  const issuer = scope.issuer === undefined ? "" : ` from issuer ${JSON.stringify(scope.issuer)}`;
  return `every token of ${JSON.stringify(scope.subject)}${issuer}`;
}
