/** Compares the seed's sets with the rules that came from them: what is to be written, what lifted. */
import { AppError } from "../app-error.ts";
import { parseSeedMember } from "./import-line.ts";
import type { CompilePattern } from "./pattern.ts";
import { parseSeedName } from "./seed-rule.ts";
import type { SeedSet, UnreadableSet } from "./seed-source.ts";
import type { NewRule } from "./store.ts";

/** A member that cannot be a rule here, by the set it is in. */
export interface MemberProblem {
  readonly set: string;
  /** Its place in the set by score, from 0, as `ZRANGE` counts; undefined where it is the set's own. */
  readonly place: number | undefined;
  readonly problem: AppError;
}

/** What a set comes to here. */
export interface ReadSet {
  /** By `contentOf`: members that say the same are one rule. */
  readonly wanted: ReadonlyMap<string, NewRule>;
  /** Members whose time is over. */
  readonly expired: number;
  readonly problems: readonly MemberProblem[];
}

/** How members become rules. */
export interface SeedReading {
  /** Stands in the history of each rule, and tells them from all others. */
  readonly reason: string;
  readonly nowSeconds: number;
  readonly compile: CompilePattern;
}

/** What a rule says and for whom: two rules with the same content refuse the same tokens. */
export function contentOf({ scope, rule, expireAt }: Omit<NewRule, "reason">): string {
  const whom = scope.kind === "global" ? [] : [scope.subject, scope.issuer ?? null];
  return JSON.stringify([...whom, expireAt, rule.text]);
}

/** Reads a set's members as rules; none of them makes it fail. */
export function readSeedSet(set: SeedSet | UnreadableSet, reading: SeedReading): ReadSet {
  const { name } = set;
  if ("problem" in set) {
    const { problem } = set;
    return { wanted: new Map(), expired: 0, problems: [{ set: name, place: undefined, problem }] };
  }
  const wanted = new Map<string, NewRule>();
  const problems: MemberProblem[] = [];
  let expired = 0;
  for (const [place, { text, score }] of set.members.entries()) {
    try {
      if (text === undefined) throw new AppError("invalid", "the member is not UTF-8");
      const member = { scope: parseSeedName(name), text, score, reason: reading.reason };
      const rule = parseSeedMember(member, reading.nowSeconds, reading.compile);
      if (rule === undefined) expired += 1;
      else wanted.set(contentOf(rule), rule);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      problems.push({ set: name, place, problem: error });
    }
  }
  return { wanted, expired, problems };
}

/** What one set's rules lack, and which of them have no member any more. */
export interface SetDifference {
  readonly missing: readonly NewRule[];
  readonly gone: readonly number[];
}

/** @param ours the ids of the rules in force that came from this set, by `contentOf` */
export function compareSet(
  wanted: ReadonlyMap<string, NewRule>,
  ours: ReadonlyMap<string, readonly number[]>,
): SetDifference {
  const missing = [...wanted].filter(([content]) => !ours.has(content)).map(([, rule]) => rule);
  const gone = [...ours].filter(([content]) => !wanted.has(content)).flatMap(([, ids]) => ids);
  return { missing, gone };
}
