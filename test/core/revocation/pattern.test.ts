/** P11: no pattern that is accepted holds up the event loop for more than 50 ms. */
import { describe, expect, test } from "bun:test";
import {
  compilePattern,
  longestText,
  MAX_RULE_STEPS,
  type Pattern,
} from "../../../src/core/revocation/pattern.ts";

function compiled(source: string): Pattern {
  const pattern = compilePattern(source);
  if (typeof pattern === "string") throw new TypeError(`refused: ${pattern}`);
  return pattern;
}

/** Random a and b, the same each time: what makes states multiply. */
function noise(length: number): string {
  let state = 12_345;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return "ab"[(state >>> 16) & 1];
  }).join("");
}

const SLOWEST: readonly (readonly [source: string, size: number])[] = [
  ["[ab]*a[ab]{8}[cd]", 16],
  ["[ab]*a[ab]{24}[cd]", 32],
  ["[ab]*a[ab]{56}[cd]", 64],
  ["[ab]*a[ab]{120}[cd]", 128],
  ["[ab]*a[ab]{248}[cd]", 256],
  ["(?:a[ab]{20}|b[ab]{30}|a[ab]{40}|b[ab]{50})[cd]", 256],
  ["(a|aa)+$", 16],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", 64],
];

describe("a pattern", () => {
  for (const [source, size] of SLOWEST) {
    test(`${source} answers in time on the longest text for its size`, () => {
      const pattern = compiled(source);
      const text = noise(longestText(size));
      const before = process.cpuUsage();
      expect(pattern.test(`${text.slice(1)}!`)).toBe(false);
      // Twice the promise in processor time: the compiler's own threads are counted too.
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(100);
    });
  }

  test("counts a text beyond its bound as a match: the safe side for a revocation", () => {
    expect(compiled("^b{90}$|x{100}").test("a".repeat(1025))).toBe(true);
    expect(compiled("^b$").test("a".repeat(65_537))).toBe(true);
    expect(compiled("^b$").test("a".repeat(65_536))).toBe(false);
  });

  test("may be run on all that the default token size can hold, up to 32 steps", () => {
    expect(longestText(32)).toBeGreaterThanOrEqual(8192);
    expect(longestText(MAX_RULE_STEPS + 1)).toBe(0);
  });

  test("looks anywhere in the text unless anchored", () => {
    expect(compiled("b").test("abc")).toBe(true);
    expect(compiled("^b").test("abc")).toBe(false);
  });
});
