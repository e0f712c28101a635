/** Tries a rule on a sample of tokens, a few at a time, so that judging goes on beside it. */
import type { JsonObject } from "../json.ts";
import { matchesCondition } from "./evaluate.ts";
import type { Condition } from "./rule.ts";
import type { RuleScope } from "./store.ts";

/** A token of the sample. */
export interface SeenToken {
  readonly subjects: readonly string[];
  readonly issuer: string | undefined;
  /** Unix seconds of the last time it was seen here; HAProxy's own memory hides the others. */
  readonly seenAt: number;
  /** Whether it came as a JWE: its bearer cannot read its claims. */
  readonly isEncrypted: boolean;
  /** Top-level claims that rules have named, each no larger than `MAX_CLAIM_LENGTH`. */
  readonly claims: JsonObject;
}

/** What a rule would have done to the sample. */
export interface SeenMatches {
  /** Tokens looked at, and how many of them the rule matches. */
  readonly of: number;
  readonly matched: number;
  /** Tokens of the sample that time did not suffice for. */
  readonly notLookedAt: number;
  /** Subjects of the matched ones, each once, the first so many. */
  readonly subjects: readonly string[];
  /** How many subjects there are in all. */
  readonly subjectCount: number;
  /** Unix seconds of the oldest token looked at; undefined where there was none. */
  readonly since: number | undefined;
}

/** How a sample is gone over beside other work. */
export interface Pace {
  readonly monotonicMs: () => number;
  /** Awaited every few milliseconds of work. */
  readonly pause: () => Promise<void>;
  /** Aborted when nobody waits for the answer any more. */
  readonly left: AbortSignal;
}

/** Work between two pauses; one more token may come on top of it. */
const SLICE_MS = 3;
/** After this it answers with what it has looked at. */
const MAX_MS = 1000;
const MAX_SUBJECTS_SHOWN = 20;

/** Goes over the tokens in their order, as far as it comes in a second. */
export async function matchSeen(
  tokens: readonly SeenToken[],
  { scope, condition }: { readonly scope: RuleScope; readonly condition: Condition },
  { monotonicMs, pause, left }: Pace,
): Promise<SeenMatches> {
  const subjects = new Set<string>();
  let of = 0;
  let matched = 0;
  let since: number | undefined;
  const endMs = monotonicMs() + MAX_MS;
  let pauseMs = monotonicMs() + SLICE_MS;
  for (const token of tokens) {
    const nowMs = monotonicMs();
    if (nowMs >= endMs || left.aborted) break;
    if (nowMs >= pauseMs) {
      await pause();
      pauseMs = monotonicMs() + SLICE_MS;
    }
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
    notLookedAt: tokens.length - of,
    subjects: [...subjects].slice(0, MAX_SUBJECTS_SHOWN),
    subjectCount: subjects.size,
    since,
  };
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
