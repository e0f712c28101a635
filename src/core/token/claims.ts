/** Judges a claim set by the policy: times, issuer, audience, required claims, generation. */
import type { JsonObject, JsonValue } from "../json.ts";
import type { Policy } from "./policy.ts";
import { normalizeType } from "./policy.ts";
import type { Detail } from "./reason.ts";

/**
 * Checks a claim set (RFC 7519 §4.1) at a moment in seconds.
 *
 * @returns the first cause of a refusal, or undefined. The order is: type, times, issuer, audience,
 *   required claims, generation, refresh token.
 */
export function checkClaims(
  claims: JsonObject,
  typ: string | undefined,
  policy: Policy,
  nowSeconds: number,
): Detail | undefined {
  return (
    checkType(typ, policy) ??
    checkTimes(claims, policy, nowSeconds) ??
    checkIssuer(claims.get("iss"), policy) ??
    checkAudience(claims.get("aud"), policy) ??
    (policy.requiredClaims.every((name) => isPresent(claims.get(name))) ? undefined : "claim") ??
    (policy.legacy === "reject" && !isStateless(claims) ? "legacy" : undefined) ??
    // A refresh token is for the issuer's own door, never for an upstream.
    (isTruthy(claims.get("irt")) ? "refresh_token" : undefined)
  );
}

/**
 * The moment, in whole seconds, from which an accepted claim set is refused for its age: the token
 * holds while the clock's whole seconds are less. Undefined: never by itself.
 */
export function endOfValidity(claims: JsonObject, policy: Policy): number | undefined {
  const ends: number[] = [];
  const exp = parseTime(claims.get("exp"));
  if (exp !== undefined) ends.push(exp + policy.clockSkew);
  const iat = parseTime(claims.get("iat"));
  if (iat !== undefined && policy.maxTokenAge !== undefined) {
    ends.push(iat + policy.maxTokenAge + policy.clockSkew);
  }
  if (ends.length === 0) return undefined;
  return Math.floor(Math.min(...ends, Number.MAX_SAFE_INTEGER));
}

/** The token's generation: with a truthy `st` claim, or without (contract §3). */
export function isStateless(claims: JsonObject): boolean {
  return isTruthy(claims.get("st"));
}

/** Every subject a token has: the values of the subject claims, numbers by their JSON text, each once. */
export function subjectsOf(
  claims: JsonObject,
  subjectClaims: readonly string[],
): readonly string[] {
  const subjects: string[] = [];
  for (const name of subjectClaims) {
    const value = claims.get(name);
    const isNamed =
      typeof value === "string" || typeof value === "number" || typeof value === "bigint";
    if (isNamed && !subjects.includes(String(value))) subjects.push(String(value));
  }
  return subjects;
}

/** A time is a finite JSON number (RFC 7519 §2, NumericDate), nothing that could be read as one. */
function parseTime(value: JsonValue | undefined): number | undefined {
  const seconds = typeof value === "bigint" ? Number(value) : value;
  return typeof seconds === "number" && Number.isFinite(seconds) ? seconds : undefined;
}

function checkType(typ: string | undefined, policy: Policy): Detail | undefined {
  if (policy.types === undefined) return undefined;
  return typ !== undefined && policy.types.has(normalizeType(typ)) ? undefined : "claim";
}

function checkTimes(claims: JsonObject, policy: Policy, nowSeconds: number): Detail | undefined {
  const times = new Map<string, number>();
  for (const name of ["exp", "nbf", "iat"]) {
    const value = claims.get(name);
    if (value === undefined) continue;
    const time = parseTime(value);
    if (time === undefined) return "claim";
    times.set(name, time);
  }
  const exp = times.get("exp");
  const nbf = times.get("nbf");
  const iat = times.get("iat");
  const skew = policy.clockSkew;
  if (exp === undefined && policy.requireExp) return "claim";
  if (exp !== undefined && nowSeconds >= exp + skew) return "expired";
  if (nbf !== undefined && nowSeconds + skew < nbf) return "not_yet_valid";
  // A token from the future would slip under "everything issued until now".
  if (iat !== undefined && nowSeconds + skew < iat) return "not_yet_valid";
  if (policy.maxTokenAge === undefined) return undefined;
  if (iat === undefined) return "claim";
  return nowSeconds >= iat + policy.maxTokenAge + skew ? "expired" : undefined;
}

function checkIssuer(iss: JsonValue | undefined, policy: Policy): Detail | undefined {
  if (iss !== undefined && typeof iss !== "string") return "issuer";
  if (policy.issuers === undefined) return undefined;
  return iss !== undefined && policy.issuers.has(iss) ? undefined : "issuer";
}

function checkAudience(aud: JsonValue | undefined, policy: Policy): Detail | undefined {
  const { audiences } = policy;
  if (audiences === undefined) return undefined;
  const named: readonly (JsonValue | undefined)[] = Array.isArray(aud) ? aud : [aud];
  if (!named.every((one) => typeof one === "string")) return "audience";
  return named.some((one) => audiences.has(one)) ? undefined : "audience";
}

function isPresent(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null;
}

/** JavaScript's truth of a JSON value, as both generations of the seed took it. */
function isTruthy(value: JsonValue | undefined): boolean {
  return Boolean(value);
}
