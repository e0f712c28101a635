/**
 * A bounded sample of the tokens that were accepted lately, so that a rule can be tried on them before
 * it is written. Kept in memory only: a hash, times, and the claims that rules name; never the token.
 */
import { LRUCache } from "lru-cache";
import type { JsonObject, JsonValue } from "../json.ts";
import type { AuthenticToken } from "../token/verdict.ts";
import { jsonText } from "./json-text.ts";
import { matchSeen, type Pace, type SeenMatches, type SeenToken } from "./match-seen.ts";
import type { Condition } from "./rule.ts";
import type { RuleScope } from "./store.ts";
import { DIGEST_MEMBER, tokenDigest, withDigest } from "./token-digest.ts";

/** What a rule would have done to the sample. */
export interface SampleMatches extends SeenMatches {
  /** Encrypted tokens of the sample that were left out. */
  readonly leftOut: number;
  /** Claims the rule names that were not watched until now: the answer does not know them. */
  readonly unknownClaims: readonly string[];
}

/** A rule to be tried on the sample. */
export interface SampleQuestion {
  readonly scope: RuleScope;
  readonly condition: Condition;
  /** For whoever may not know what encrypted tokens say: counts and subjects would tell it too. */
  readonly withoutEncrypted: boolean;
}

export interface SeenTokensOptions {
  readonly nowSeconds: () => number;
  /** Tokens kept. */
  readonly limit?: number;
}

/** Claims that rules and intents name most; the subject claims come from the configuration. */
const USUAL_CLAIMS = [
  "iss",
  "aud",
  "iat",
  "exp",
  "nbf",
  "jti",
  "cs",
  "rt",
  "st",
  "azp",
  "client_id",
];
const MAX_WATCHED = 64;
const MAX_CLAIM_LENGTH = 512;
const MAX_AGE_SECONDS = 3600;
/** Under load not every token is looked at: a sample must not cost what judging costs. */
const MAX_NOTES_PER_SECOND = 200;

export class SeenTokens {
  readonly #tokens: LRUCache<string, SeenToken>;
  readonly #watched: Set<string>;
  readonly #nowSeconds: () => number;
  #second = 0;
  #notes = 0;

  constructor(subjectClaims: readonly string[], options: SeenTokensOptions) {
    this.#watched = new Set([...subjectClaims, ...USUAL_CLAIMS]);
    this.#nowSeconds = options.nowSeconds;
    this.#tokens = new LRUCache({ max: options.limit ?? 5000 });
  }

  /** Takes up an accepted token, or leaves it when there are too many this second. */
  note(token: AuthenticToken): void {
    const now = Math.floor(this.#nowSeconds());
    if (now !== this.#second) {
      this.#second = now;
      this.#notes = 0;
    }
    this.#notes += 1;
    if (this.#notes > MAX_NOTES_PER_SECOND) return;
    const digest = tokenDigest(token.claimsText);
    this.#tokens.set(digest, {
      subjects: token.subjects,
      issuer: token.issuer,
      seenAt: now,
      isEncrypted: token.jweHeaderText !== undefined,
      claims: withDigest(this.#pick(token.claims.object), digest),
    });
  }

  /** Has tokens keep the claims that a rule names, from now on. @returns those that were not kept so far */
  watch(names: readonly string[]): readonly string[] {
    const added = names.filter((name) => name !== DIGEST_MEMBER && !this.#watched.has(name));
    for (const name of added) {
      if (this.#watched.size < MAX_WATCHED) this.#watched.add(name);
    }
    return added;
  }

  /** Tries a rule on the sample, the tokens seen last first. */
  async match(question: SampleQuestion, pace: Pace): Promise<SampleMatches> {
    const unknownClaims = this.watch(claimsNamed(question.condition));
    const oldest = this.#nowSeconds() - MAX_AGE_SECONDS;
    const fresh = [...this.#tokens.values()].filter(({ seenAt }) => seenAt >= oldest);
    const tokens = question.withoutEncrypted
      ? fresh.filter(({ isEncrypted }) => !isEncrypted)
      : fresh;
    const matches = await matchSeen(tokens, question, pace);
    return { ...matches, leftOut: fresh.length - tokens.length, unknownClaims };
  }

  #pick(claims: JsonObject): JsonObject {
    const picked = new Map<string, JsonValue>();
    for (const name of this.#watched) {
      const value = claims.get(name);
      if (value !== undefined && isSmall(value)) picked.set(name, value);
    }
    return picked;
  }
}

/** The top-level claims a condition looks at; of a dotted path its literal name and its first part. */
export function claimsNamed(condition: Condition): readonly string[] {
  const names = new Set<string>();
  for (const { path } of condition.members) {
    names.add(path.name);
    const [first] = path.parts ?? [];
    if (first !== undefined) names.add(first);
  }
  return [...names];
}

function isSmall(value: JsonValue): boolean {
  if (value === null || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value === "string") return value.length <= MAX_CLAIM_LENGTH;
  if (typeof value === "bigint") return value < 10n ** 100n && value > -(10n ** 100n);
  try {
    return jsonText(value).length <= MAX_CLAIM_LENGTH;
  } catch {
    return false;
  }
}
