/**
 * A bounded sample of the tokens that were accepted lately, so that a rule can be tried on them before
 * it is written. Kept in memory only: a hash, times, and the claims that rules name; never the token.
 */
import { LRUCache } from "lru-cache";
import type { JsonObject, JsonValue } from "../json.ts";
import type { AuthenticToken } from "../token/verdict.ts";
import { matchesCondition } from "./evaluate.ts";
import { jsonText } from "./json-text.ts";
import type { Condition } from "./rule.ts";
import type { RuleScope } from "./store.ts";
import { DIGEST_MEMBER, tokenDigest, withDigest } from "./token-digest.ts";

/** A token of the sample. */
export interface SeenToken {
  readonly subjects: readonly string[];
  readonly issuer: string | undefined;
  /** Unix seconds of the last time it was seen here; HAProxy's own memory hides the others. */
  readonly seenAt: number;
  /** Top-level claims that rules have named, each no larger than `MAX_CLAIM_LENGTH`. */
  readonly claims: JsonObject;
}

/** What a rule would have done to the sample. */
export interface SeenMatches {
  /** Tokens in the sample, and how many of them the rule matches. */
  readonly of: number;
  readonly matched: number;
  /** Subjects of the matched ones, each once, the first so many. */
  readonly subjects: readonly string[];
  /** How many subjects there are in all. */
  readonly subjectCount: number;
  /** Claims the rule names that were not watched until now: the answer does not know them. */
  readonly unknownClaims: readonly string[];
  /** Unix seconds of the oldest token in the sample; undefined for an empty one. */
  readonly since: number | undefined;
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
const MAX_SUBJECTS_SHOWN = 20;

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

  /** Tries a condition on the sample. */
  match(scope: RuleScope, condition: Condition): SeenMatches {
    const unknownClaims = this.watch(claimsNamed(condition));
    const subjects = new Set<string>();
    let of = 0;
    let matched = 0;
    let since: number | undefined;
    const oldest = this.#nowSeconds() - MAX_AGE_SECONDS;
    for (const token of this.#tokens.values()) {
      if (token.seenAt < oldest) continue;
      of += 1;
      since = Math.min(since ?? token.seenAt, token.seenAt);
      if (!isInScope(scope, token) || !matchesCondition(condition, token.claims)) continue;
      matched += 1;
      const [subject] = token.subjects;
      if (subject !== undefined) subjects.add(subject);
    }
    return {
      of,
      matched,
      subjects: [...subjects].slice(0, MAX_SUBJECTS_SHOWN),
      subjectCount: subjects.size,
      unknownClaims,
      since,
    };
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

/** Whether a rule of this scope is asked about a token at all. */
export function isInScope(
  scope: RuleScope,
  token: { readonly subjects: readonly string[]; readonly issuer: string | undefined },
): boolean {
  if (scope.kind === "global") return true;
  if (scope.issuer !== undefined && scope.issuer !== token.issuer) return false;
  return token.subjects.includes(scope.subject);
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
