/** Bounds what the patterns of one rule cost together: they may all look at one claim, by its many names. */
import { type CompilePattern, longestText, MAX_RULE_STEPS, type Pattern } from "./pattern.ts";

/** Characters the patterns of a rule may have together: compiling a thousand was measured at 10 ms. */
const MAX_CHARACTERS = 2048;

/**
 * Sets of Unicode characters they may have together. One of the largest costs 0.4 ms to compile,
 * one that disregards case up to 2.5 ms: every character of it is looked up.
 */
const MAX_SETS = 32;
const SETS_PER_FOLDED_RANGE = 8;

/**
 * Compiles the patterns of one rule. A text counts as a match from where one pattern of as many
 * steps as all of them have would stop: so it does not matter which is asked first, or how many are.
 *
 * @param compile makes one pattern; may be shared by rules
 */
export function createRulePatterns(compile: CompilePattern): CompilePattern {
  let characters = 0;
  let sets = 0;
  let steps = 0;
  const longest = () => longestText(steps);
  return (source) => {
    characters += source.length;
    if (characters > MAX_CHARACTERS) {
      return `patterns of at most ${MAX_CHARACTERS} characters together in one rule`;
    }
    sets += countSets(source);
    if (sets > MAX_SETS) return "fewer \\p and wide ranges together in one rule";
    const pattern = compile(source);
    if (typeof pattern === "string") return pattern;
    steps += pattern.size;
    if (steps > MAX_RULE_STEPS) {
      return `simpler patterns: those of one rule need ${steps} steps together, and ${MAX_RULE_STEPS} is the most`;
    }
    return new RulePattern(pattern, longest);
  };
}

class RulePattern implements Pattern {
  readonly #pattern: Pattern;
  readonly #longest: () => number;

  constructor(pattern: Pattern, longest: () => number) {
    this.#pattern = pattern;
    this.#longest = longest;
  }

  get source(): string {
    return this.#pattern.source;
  }

  get size(): number {
    return this.#pattern.size;
  }

  /** Known once the whole rule is parsed. */
  get longest(): number {
    return this.#longest();
  }

  test(text: string): boolean {
    return text.length > this.longest || this.#pattern.test(text);
  }
}

/** Never too few: what only looks like a set is counted as one. */
function countSets(source: string): number {
  const classes = source.match(/\\p/gi)?.length ?? 0;
  if (!/\(\?[A-Za-z]*i/.test(source)) return classes;
  const ranges = source.match(/-(?:\\x\{|[^\0-\x7f])/g)?.length ?? 0;
  return classes + ranges * SETS_PER_FOLDED_RANGE;
}
