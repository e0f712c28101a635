/** The everyday revocations: what an operator means, as a rule, its end, and a sentence that says so. */
import { AppError } from "../app-error.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { isNumeric } from "./compare.ts";
import { describeRule } from "./describe-rule.ts";
import { jsonText, numberText } from "./json-text.ts";
import { isFileable } from "./new-rule.ts";
import { parseRule } from "./parse-rule.ts";
import { type EndPolicy, endOfIssued } from "./rule-ends.ts";
import type { RuleScope } from "./store.ts";
import { MAX_RULE_BYTES, type Rule } from "./rule.ts";
import { DIGEST_MEMBER } from "./token-digest.ts";
import { timeInWords } from "./words.ts";

/** What is to be written, and what it will do. */
export interface Intent {
  readonly scope: RuleScope;
  readonly rule: Rule;
  /** Seconds since 1970; 0 = stands until lifted. */
  readonly expireAt: number;
  /** One or two sentences for the operator. */
  readonly words: string;
  /**
   * Of a rule until now: what is issued up to so many seconds after it is written may be refused too.
   * Undefined where the rule does not depend on when it is written.
   */
  readonly aheadSeconds?: number;
}

/** What decides how far an intent has to reach. */
export interface IntentTimes extends EndPolicy {
  readonly nowSeconds: number;
}

/** A token as its issuer made it; the signature need not have been checked. */
export interface TokenFacts {
  readonly claims: JsonObject;
  /** The values of its subject claims, the one to file the rule under first. */
  readonly subjects: readonly string[];
  readonly issuer: string | undefined;
  /** `tokenDigest` of its claims. */
  readonly digest: string;
}

/** All that was issued to a user until now; what is issued from now on passes. */
export function userIntent(
  subject: string,
  issuer: string | undefined,
  times: IntentTimes,
): Intent {
  const until = untilNow(times);
  const scope: RuleScope = { kind: "subject", subject, issuer };
  const made = intent(scope, issuedUntil(until), endOf(until, times));
  return { ...made, aheadSeconds: aheadOfNow(times) };
}

/** All tokens of a user, future ones too. */
export function blockIntent(subject: string, issuer: string | undefined): Intent {
  const always = new Map<string, JsonValue>([
    [
      "iat",
      new Map<string, JsonValue>([
        ["_or", true],
        ["exists", true],
        ["ne", 0],
      ]),
    ],
  ]);
  return intent({ kind: "subject", subject, issuer }, always, 0);
}

/**
 * This one token, by `jti`, by `cs`, or by the digest of its claims where it has neither. Filed under
 * its subject; under everyone where no rule can be filed under what it says.
 * @throws AppError invalid when it has expired: there is nothing to revoke
 */
export function tokenIntent(token: TokenFacts, times: IntentTimes): Intent {
  const { claims } = token;
  const end = tokenEnd(claims, times);
  if (end !== 0 && end <= times.nowSeconds) {
    throw new AppError("invalid", "this token has expired already", {
      path: "/token",
      expected: "a token that is still accepted",
    });
  }
  const scope = scopeOf(token);
  return intent(scope, ruleOfToken(token, scope), end);
}

function ruleOfToken({ claims, digest, issuer }: TokenFacts, scope: RuleScope): JsonObject {
  const ofDigest = [DIGEST_MEMBER, digest] as const;
  const id = ["jti", "cs"].find((name) => isId(claims.get(name)));
  const value = id === undefined ? undefined : claims.get(id);
  const member = id === undefined || value === undefined ? ofDigest : ([id, value] as const);
  // Ids are one issuer's own: another's token of the same id is not meant.
  const isForAll = scope.kind === "global" && issuer !== undefined;
  const rule = new Map<string, JsonValue>([
    member,
    ...(isForAll ? [["iss", issuer] as const] : []),
  ]);
  // The digest is of the issuer too, so that it says enough where a rule cannot hold the rest.
  return isTooLong(rule) ? new Map([ofDigest]) : rule;
}

function isTooLong(rule: JsonObject): boolean {
  return Buffer.byteLength(jsonText(rule)) > MAX_RULE_BYTES;
}

/**
 * A refresh token and all that it issued: `cs` or `rt` is its id.
 * @param token the refresh token, or an access token that it issued
 * @throws AppError invalid when the token names no family
 */
export function familyIntent(token: TokenFacts, times: IntentTimes): Intent {
  const { claims } = token;
  const isRefresh = isTruthy(claims.get("irt")) || !isId(claims.get("rt"));
  const id = claims.get(isRefresh ? "cs" : "rt");
  if (id === undefined || !isId(id)) {
    throw new AppError("invalid", "this token names no family: it has neither `cs` nor `rt`", {
      path: "/family",
      expected: "a refresh token, or an access token that one has issued",
    });
  }
  const rule = new Map<string, JsonValue>([
    ["_or", true],
    ["cs", id],
    ["rt", id],
  ]);
  const expireAt = isRefresh ? familyEnd(claims, times) : 0;
  const subject = token.subjects.find(isFileable);
  const issuer = isFileable(token.issuer ?? "") ? token.issuer : undefined;
  if (subject !== undefined) return intent({ kind: "subject", subject, issuer }, rule, expireAt);
  return intent({ kind: "global" }, rule, expireAt);
}

/**
 * A family by its id alone, as somebody read it in a log: a number matches ids that are texts too.
 * @param subject whose tokens they are; everyone's without
 */
export function familyIdIntent(
  id: string,
  subject: string | undefined,
  issuer: string | undefined,
): Intent {
  const number = numberOf(id);
  const one: JsonValue = number === undefined ? id : new Map([["in", [id, number]]]);
  const rule = new Map<string, JsonValue>([
    ["_or", true],
    ["cs", one],
    ["rt", one],
  ]);
  if (subject === undefined) return intent({ kind: "global" }, rule, 0);
  return intent({ kind: "subject", subject, issuer }, rule, 0);
}

/**
 * Everything issued until a moment, whoever it is for.
 * @param moment seconds since 1970, taken at its word; `now` reaches as far as `userIntent` does
 */
export function allIntent(moment: number | "now", times: IntentTimes): Intent {
  if (moment === "now") {
    const made = allUntil(untilNow(times), times, nowInWords(times));
    return { ...made, aheadSeconds: aheadOfNow(times) };
  }
  const until = Math.floor(moment);
  if (!Number.isSafeInteger(until) || until <= 0) {
    throw new AppError("invalid", "at /issuedBefore: expected seconds since 1970", {
      path: "/issuedBefore",
      expected: "seconds since 1970",
    });
  }
  return allUntil(until, times, "");
}

function allUntil(until: number, times: IntentTimes, remark: string): Intent {
  return intent({ kind: "global" }, issuedUntil(until), endOf(until, times), remark);
}

/**
 * The last `iat` that can be accepted now: an issuer's clock may be ahead of ours by the skew. Rounded up,
 * because a token may say the fraction of the second in which it was issued.
 */
function untilNow({ nowSeconds, skewSeconds }: IntentTimes): number {
  return Math.ceil(nowSeconds) + skewSeconds;
}

/** Whole seconds count at both ends: that of now, and that of an `iat` which is cut to one. */
function aheadOfNow({ skewSeconds }: IntentTimes): number {
  return skewSeconds + 2;
}

function nowInWords({ skewSeconds }: IntentTimes): string {
  if (skewSeconds === 0) return "";
  return ` That is now and ${skewSeconds} s more, by which an issuer's clock may be ahead.`;
}

/** A token that does not say when it was issued may have been issued then: it is meant as well. */
function issuedUntil(until: number): JsonObject {
  return new Map<string, JsonValue>([
    [
      "iat",
      new Map<string, JsonValue>([
        ["_or", true],
        ["lte", until],
        ["exists", false],
      ]),
    ],
  ]);
}

function intent(scope: RuleScope, object: JsonObject, expireAt: number, remark = ""): Intent {
  const rule = parseRule(object);
  return { scope, rule, expireAt, words: intentInWords({ scope, rule, expireAt }, remark) };
}

/** What the rule of an intent does and how long it stands, for the operator. */
export function intentInWords(
  { scope, rule, expireAt }: Omit<Intent, "words">,
  remark = "",
): string {
  const ending =
    expireAt === 0
      ? "It stands until it is lifted."
      : `It ends at ${timeInWords(expireAt)}, when no such token is accepted any more; should tokens be accepted for longer by then, it is carried on.`;
  return `${describeRule(scope, rule)}${remark} ${ending}`;
}

function endOf(until: number, times: IntentTimes): number {
  const end = endOfIssued(until, times);
  // All of it is too old already: a rule that is over would be refused, one that stands does no harm.
  return end > times.nowSeconds && isTime(end) ? end : 0;
}

function familyEnd(claims: JsonObject, times: IntentTimes): number {
  const exp = claims.get("exp");
  if (typeof exp !== "number") return 0;
  return endOf(Math.ceil(exp) + times.skewSeconds, times);
}

/** A token is refused from `exp` plus the skew on, so the rule may end then. */
function tokenEnd(claims: JsonObject, { skewSeconds }: IntentTimes): number {
  const exp = claims.get("exp");
  if (typeof exp !== "number") return 0;
  const end = Math.ceil(exp) + skewSeconds;
  return isTime(end) ? end : 0;
}

function isTime(seconds: number): boolean {
  return seconds > 0 && seconds < 8_640_000_000_000;
}

/** Under the first of its subjects that a rule can be filed under: any finds it. */
function scopeOf({ subjects, issuer }: TokenFacts): RuleScope {
  const subject = subjects.find(isFileable);
  if (subject === undefined || (issuer !== undefined && !isFileable(issuer))) {
    return { kind: "global" };
  }
  return { kind: "subject", subject, issuer };
}

/** The number that JSON writes as this text, exactly: a claim may hold it as such, of any size and sign. */
function numberOf(text: string): number | bigint | undefined {
  const value = Number(text);
  const isInteger = /^(?:0|-?[1-9][0-9]*)$/.test(text);
  if (isInteger) return Number.isSafeInteger(value) ? value : BigInt(text);
  return numberText(value) === text ? value : undefined;
}

function isId(value: JsonValue | undefined): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return isNumeric(value) || (typeof value === "string" && value !== "");
}

function isTruthy(value: JsonValue | undefined): boolean {
  return value !== undefined && Boolean(value);
}
