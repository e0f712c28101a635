/**
 * How long the rules of intents have to last. Their ends follow from the policy they are written under;
 * this says which end a rule needs once tokens are accepted for longer than that.
 */
import { JsonSyntaxError, parseJsonObject } from "../json-parse.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { isJsonObject } from "./json-text.ts";
import type { StoredRule } from "./store.ts";
import { DIGEST_MEMBER } from "./token-digest.ts";

/** The part of a policy that says until when a token can be accepted. */
export interface EndPolicy {
  /** JWT_CLOCK_SKEW. */
  readonly skewSeconds: number;
  /** JWT_MAX_TOKEN_AGE, if set: no older token is accepted, so that no rule need outlast it. */
  readonly maxTokenAgeSeconds: number | undefined;
}

/** Whether some token is accepted for longer under one policy than under the other. */
export function isLonger(one: EndPolicy, other: EndPolicy): boolean {
  return one.skewSeconds > other.skewSeconds || ageOf(one) > ageOf(other);
}

/** The policy under which no token is accepted for longer than under either. */
export function shorterOf(one: EndPolicy, other: EndPolicy): EndPolicy {
  const age = Math.min(ageOf(one), ageOf(other));
  return {
    skewSeconds: Math.min(one.skewSeconds, other.skewSeconds),
    maxTokenAgeSeconds: Number.isFinite(age) ? age : undefined,
  };
}

/** When the last token issued until then is refused for its age alone; 0: never. */
export function endOfIssued(until: number, { maxTokenAgeSeconds, skewSeconds }: EndPolicy): number {
  return maxTokenAgeSeconds === undefined ? 0 : until + maxTokenAgeSeconds + skewSeconds + 1;
}

/**
 * The end that a rule needs, 0 = none. A rule says what it is by its form: one that was written by
 * hand in the form of an intent is taken for one, unless it ends earlier than that would.
 *
 * @param from no policy that it may have been written under is shorter
 * @returns undefined where it lasts long enough, or is of no intent
 */
export function neededEnd(
  { text, expireAt }: Pick<StoredRule, "text" | "expireAt">,
  from: EndPolicy,
  to: EndPolicy,
): number | undefined {
  const rule = expireAt === 0 ? undefined : parse(text);
  if (rule === undefined) return undefined;
  const end = endOf(rule, expireAt, from, to);
  return end === 0 || (end !== undefined && end > expireAt) ? end : undefined;
}

function endOf(
  rule: JsonObject,
  expireAt: number,
  from: EndPolicy,
  to: EndPolicy,
): number | undefined {
  const skew = Math.max(0, to.skewSeconds - from.skewSeconds);
  if (isOfToken(rule)) return expireAt + skew;
  // Without a greatest age these do not end, so that one which does is none of them.
  if (from.maxTokenAgeSeconds === undefined) return undefined;
  const until = issuedUntil(rule);
  if (until !== undefined) {
    return expireAt < endOfIssued(until, from) ? undefined : endOfIssued(until, to);
  }
  if (!isOfFamily(rule)) return undefined;
  if (to.maxTokenAgeSeconds === undefined) return 0;
  // The refresh token's own skew, and that of the last token it issues.
  return expireAt + 2 * skew + Math.max(0, to.maxTokenAgeSeconds - from.maxTokenAgeSeconds);
}

function isOfToken(rule: JsonObject): boolean {
  const names = [...rule.keys()].filter((name) => name !== "iss");
  const [name = ""] = names;
  return names.length === 1 && ["jti", "cs", DIGEST_MEMBER].includes(name) && isPlain(rule);
}

function isOfFamily(rule: JsonObject): boolean {
  const [cs, rt] = [rule.get("cs"), rule.get("rt")];
  return rule.size === 3 && rule.get("_or") === true && cs !== undefined && cs === rt;
}

function issuedUntil(rule: JsonObject): number | undefined {
  const iat = rule.get("iat");
  if (rule.size !== 1 || !isJsonObject(iat) || iat.size !== 3) return undefined;
  const until = iat.get("lte");
  const isIntent = iat.get("_or") === true && iat.get("exists") === false;
  return isIntent && typeof until === "number" ? until : undefined;
}

function isPlain(rule: JsonObject): boolean {
  return [...rule.values()].every(
    (value: JsonValue) => value !== null && typeof value !== "object",
  );
}

function parse(text: string): JsonObject | undefined {
  try {
    return parseJsonObject(text).object;
  } catch (error) {
    // A damaged or newer rule refuses its whole scope: there is nothing to carry on.
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

function ageOf({ maxTokenAgeSeconds }: EndPolicy): number {
  return maxTokenAgeSeconds ?? Number.POSITIVE_INFINITY;
}
