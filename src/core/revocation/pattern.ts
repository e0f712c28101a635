/** Patterns that run in linear time (RE2 syntax), bounded so that one look costs 50 ms at most. */
import { LRUCache } from "lru-cache";
import { RE2JS } from "re2js";

/** A compiled pattern; `test` says whether any part of the text matches. */
export interface Pattern {
  readonly source: string;
  /** Instructions it was compiled to. */
  readonly size: number;
  /** UTF-16 units of the longest text it is run on; a longer one counts as a match. */
  readonly longest: number;
  test(text: string): boolean;
}

/** Makes a pattern, or says in words what was expected instead. */
export type CompilePattern = (source: string) => Pattern | string;

/** Characters a pattern may have. */
export const MAX_PATTERN_LENGTH = 1024;

/** Instructions a compiled pattern may have: counted repetition multiplies them (`(a{99}){99}`). */
export const MAX_PATTERN_SIZE = 256;

/** Instructions that the patterns of one rule may have together. */
export const MAX_RULE_STEPS = 512;

/**
 * How long a text may be for patterns of up to so many instructions. Linear time is time × size:
 * the worst pairs (`[ab]*a[ab]{190}c` on random a and b) were measured at 10 µs and more a character.
 */
const TEXT_LIMITS: readonly (readonly [size: number, text: number])[] = [
  [16, 65_536],
  [32, 8192],
  [64, 4096],
  [128, 2048],
  [MAX_PATTERN_SIZE, 1024],
  [MAX_RULE_STEPS, 512],
];

/** The longest text, in UTF-16 units, that patterns of this many instructions together are run on. */
export function longestText(size: number): number {
  for (const [atMost, text] of TEXT_LIMITS) if (size <= atMost) return text;
  return 0;
}

/**
 * Compiles a pattern of RE2's syntax (https://github.com/google/re2/wiki/Syntax); look-around and
 * back-references are not in it, because they have no linear-time match. A text longer than
 * `longestText` counts as a match: a rule refuses, so that is the safe side.
 *
 * @returns what is wrong, in words, when it cannot be used
 */
export function compilePattern(source: string): Pattern | string {
  if (source.length > MAX_PATTERN_LENGTH) {
    return `a pattern of at most ${MAX_PATTERN_LENGTH} characters`;
  }
  let program: RE2JS;
  let size: number;
  try {
    program = RE2JS.compile(source);
    size = program.programSize();
  } catch {
    return "a pattern of RE2's syntax (linear time: no look-around, no back-references)";
  }
  if (size > MAX_PATTERN_SIZE) {
    return `a simpler pattern: this one needs ${size} steps, and ${MAX_PATTERN_SIZE} is the most (mind {n,m})`;
  }
  const longest = longestText(size);
  return { source, size, longest, test: (text) => text.length > longest || program.test(text) };
}

/** Compiles each pattern once as long as it is among the `limit` used last: rules repeat each other. */
export function createPatternCache(limit: number): CompilePattern {
  const known = new LRUCache<string, Pattern>({ max: limit });
  return (source) => {
    const pattern = known.get(source) ?? compilePattern(source);
    if (typeof pattern !== "string") known.set(source, pattern);
    return pattern;
  };
}
