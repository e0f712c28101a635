/** Says a verdict in a sentence, for people. Values of claims that it names stand in the claims beside it. */
import type { Detail } from "../../core/token/reason.ts";
import type { Verdict } from "../../core/token/verdict.ts";

const WORDS: ReadonlyMap<Detail, string> = new Map([
  ["missing", "There is no token."],
  [
    "malformed",
    "It is not a token: a JWS has three parts in base64url, a JWE five, and a JSON object inside.",
  ],
  ["too_large", "It is longer than JWT_MAX_TOKEN_BYTES allows."],
  ["ambiguous", "There is more than one token in the request."],
  ["algorithm", "Its algorithm is not accepted, or the key it names is bound to another one."],
  ["unknown_key", "No key source has the key it needs: no key fits its kid, algorithm and issuer."],
  [
    "signature",
    "Its signature does not hold under the key it names: it was changed, or somebody else made it.",
  ],
  ["decrypt", "It cannot be decrypted with the keys that are here."],
  ["expired", "Its time is over."],
  ["not_yet_valid", "Its time has not come yet: nbf or iat lies in the future."],
  ["issuer", "Its issuer is not an accepted one (JWT_ISSUER)."],
  ["audience", "It is meant for another audience (JWT_AUDIENCE)."],
  [
    "claim",
    "A claim that has to be there is missing or has the wrong type, or its typ is not accepted.",
  ],
  ["legacy", "It has no truthy st claim, and JWT_LEGACY rejects such tokens."],
  ["refresh_token", "It is a refresh token: it is for the issuer only, never for a service."],
  ["unavailable", "Nobody could judge it just now."],
  ["internal", "The server failed while it judged it."],
]);

/** The sentence of a verdict. */
export function explainVerdict(verdict: Verdict, nowSeconds: number): string {
  if (!verdict.isValid) {
    if (verdict.detail !== "revoked") return WORDS.get(verdict.detail) ?? "It is refused.";
    const rule = verdict.ruleId === undefined ? "a rule" : `rule ${verdict.ruleId}`;
    return `It is authentic, and revoked by ${rule}.`;
  }
  if (verdict.untilSeconds === undefined) return "It is valid, without an end.";
  const left = Math.max(0, verdict.untilSeconds - Math.floor(nowSeconds));
  return `It is valid for another ${toDuration(left)}.`;
}

/** A duration in its two largest units. */
export function toDuration(seconds: number): string {
  const units = [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ] as const;
  const parts: string[] = [];
  let left = seconds;
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 || (unit === "s" && parts.length === 0)) parts.push(`${count} ${unit}`);
  }
  return parts.slice(0, 2).join(" ");
}
