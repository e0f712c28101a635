/** Compares all of a seed's sets with the rules that came from them. */
import { createPatternCache } from "../../core/revocation/pattern.ts";
import {
  type MemberProblem,
  readSeedSet,
  type SeedReading,
} from "../../core/revocation/seed-mirror.ts";
import { toSeedName } from "../../core/revocation/seed-rule.ts";
import type { SeedSource } from "../../core/revocation/seed-source.ts";
import type { NewRule } from "../../core/revocation/store.ts";
import type { OurRules } from "./our-rules.ts";

const PATTERNS_KEPT = 1000;

/** What a reading of everything came to. */
export interface Comparison {
  readonly sets: number;
  /** Rules that are here already. */
  readonly present: number;
  /** Members whose time is over. */
  readonly expired: number;
  readonly missing: readonly NewRule[];
  readonly problems: readonly MemberProblem[];
  /** Sets that seem to have lost members, and how many rules those are. Only each set itself can say. */
  readonly suspects: readonly string[];
  readonly suspectRules: number;
}

/** How a source's members become rules now. */
export function readingOf(source: SeedSource, nowSeconds: number): SeedReading {
  return {
    reason: `moved in from Redis ${source.name}`,
    nowSeconds,
    compile: createPatternCache(PATTERNS_KEPT),
  };
}

/** @throws AppError unavailable when either side goes away meanwhile: then nothing is known */
export async function compareAll(
  source: SeedSource,
  ours: OurRules,
  reading: SeedReading,
): Promise<Comparison> {
  const here = await ours.inForce(reading.reason);
  const found = new Set<string>();
  const unread = new Set<string>();
  const missing: NewRule[] = [];
  const problems: MemberProblem[] = [];
  let sets = 0;
  let expired = 0;
  for await (const set of source.readAll()) {
    sets += 1;
    if ("problem" in set) unread.add(set.name);
    const read = readSeedSet(set, reading);
    expired += read.expired;
    problems.push(...read.problems);
    for (const [content, rule] of read.wanted) {
      if (here.has(content)) found.add(content);
      else missing.push(rule);
    }
  }
  const suspects = new Set<string>();
  let suspectRules = 0;
  for (const [content, { scope, ids }] of here) {
    const set = toSeedName(scope);
    if (found.has(content) || unread.has(set)) continue;
    suspects.add(set);
    suspectRules += ids.length;
  }
  return {
    sets,
    present: found.size,
    expired,
    missing,
    problems,
    suspects: [...suspects],
    suspectRules,
  };
}
