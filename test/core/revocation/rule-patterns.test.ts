/** P11: no rule costs more than one pattern may, neither to read nor to ask about a token. */
import { describe, expect, test } from "bun:test";
import type { AppError } from "../../../src/core/app-error.ts";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import { matchesCondition } from "../../../src/core/revocation/evaluate.ts";
import { parseRule } from "../../../src/core/revocation/parse-rule.ts";
import { ruleMatches } from "../../../src/core/revocation/reference.ts";
import { ruleEntries } from "../../../src/core/revocation/rule-entries.ts";

type Json = Readonly<Record<string, unknown>>;

/** Random a and b, the same each time: what makes states multiply. */
function noise(length: number): string {
  let state = 12_345;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return "ab"[(state >>> 16) & 1];
  }).join("");
}

/** Asks about one claim by every name that it has: `{"a":{"b":…}}`, `{"a.b":…}`. */
function aliases(path: readonly string[], pattern: () => string): Json {
  const names = path.map((_, index) => {
    const [name, rest] = [path.slice(0, index + 1).join("."), path.slice(index + 1)];
    return [name, rest.length === 0 ? { regex: pattern() } : aliases(rest, pattern)] as const;
  });
  return { _or: true, ...Object.fromEntries(names) };
}

const nested = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight((inner, name) => ({ [name]: inner }), value);

const slow =
  (tail: number, count = { n: 0 }) =>
  () => {
    count.n += 1;
    return `[ab]*a[ab]{${tail}}[c${String.fromCodePoint(0x4e00 + count.n)}]`;
  };

const claimsAlike = (names: number, value: (name: string) => unknown): Json =>
  Object.fromEntries(Array.from({ length: names }, (_, n) => [`c${n}`, value(`c${n}`)]));

function problemOf(rule: Json): string {
  try {
    parseRule(JSON.stringify(rule));
    return "";
  } catch (error) {
    return (error as AppError).expected ?? "";
  }
}

/** The engine's answer, and the reference's. */
const matches = (rule: Json, text: string): readonly boolean[] => {
  const claims = parseJsonObject(JSON.stringify({ c0: text })).object;
  const json = JSON.stringify(rule);
  return [
    matchesCondition(parseRule(json).condition, claims),
    ruleMatches(parseJsonObject(json).object, claims),
  ];
};

const shapesOf = (rule: Json) =>
  ruleEntries(parseRule(JSON.stringify(rule)).condition, undefined).map(({ shape }) => shape);

describe("the patterns of one rule", () => {
  const PATH = ["p", "q", "r", "s", "t"];
  const COSTLY: readonly (readonly [what: string, rule: Json, claims: unknown])[] = [
    ["one claim by 16 names", aliases(PATH, slow(24)), nested(PATH, noise(5800))],
    ["one claim by 4 names", aliases(PATH.slice(2), slow(120)), nested(PATH.slice(2), noise(5800))],
    ["two large ones", aliases(["p", "q"], slow(248)), nested(["p", "q"], noise(1024))],
    [
      "twelve claims",
      { _or: true, ...claimsAlike(12, () => ({ regex: slow(30)() })) },
      claimsAlike(12, () => noise(480)),
    ],
  ];
  test.each(COSTLY)("%s: are asked about a token in time", (_, rule, claims) => {
    const { condition } = parseRule(JSON.stringify(rule));
    const { object } = parseJsonObject(JSON.stringify(claims));
    const before = process.cpuUsage();
    matchesCondition(condition, object);
    // Twice the promise in processor time: the compiler's own threads are counted too.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(100);
  });

  const SETS = `[${"\\pL\\PL".repeat(160)}]`;
  const REFUSED: readonly (readonly [what: string, rule: Json, expected: RegExp])[] = [
    ["too many steps", claimsAlike(16, () => ({ regex: slow(30)() })), /512 is the most/],
    ["too many characters", claimsAlike(3, () => ({ regex: "(?:)".repeat(200) })), /2048/],
    ["too many sets", { a: { regex: SETS } }, /fewer/],
    ["too many sets in all", claimsAlike(12, () => ({ regex: "\\pL\\p{N}\\PS" })), /fewer/],
    [
      "wide ranges in any case",
      { a: { regex: `(?i)[${"\\x{80}-\\x{10FFFF}".repeat(5)}]` } },
      /few/,
    ],
    ["them spelt out", { a: { regex: `(?si:[${"\u0080-\u{10ffff}".repeat(5)}])` } }, /fewer/],
  ];
  test.each(REFUSED)("are refused in no time for %s", (_, rule, expected) => {
    const before = process.cpuUsage();
    expect(problemOf(rule)).toMatch(expected);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(50);
  });

  const UUID = "(?i)^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";
  const TAKEN: readonly (readonly [what: string, rule: Json])[] = [
    ["ten addresses", claimsAlike(10, (c) => ({ regex: `^https://${c}\\.example\\.com/[a-z]+` }))],
    ["five UUIDs", claimsAlike(5, () => ({ regex: UUID }))],
    ["names in any script", claimsAlike(4, () => ({ regex: "^[\\p{L}\\p{M}\\p{Zs}'’-]{1,60}$" }))],
    ["a date in any case", { a: { regex: "(?i)^[a-z]+-\\d{4}-\\d{2}-\\d{2}-\\d+-[a-z]+$" } }],
    ["forty short ones", claimsAlike(40, (name) => ({ regex: `^${name}` }))],
  ];
  test.each(TAKEN)("are taken where they are ordinary: %s", (_, rule) => {
    expect(problemOf(rule)).toBe("");
  });
});

describe("a pattern beside others in its rule", () => {
  /** 34 steps alone, 300 and more together. */
  const MANY = { _or: true, ...claimsAlike(9, () => ({ regex: slow(30)() })) };
  const ALONE = { c0: { regex: slow(30)() } };
  test("takes a text for a match sooner, to the engine and to the reference", () => {
    expect(matches(ALONE, noise(4096))).toEqual([false, false]);
    expect(matches(MANY, noise(512))).toEqual([false, false]);
    expect(matches(MANY, noise(513))).toEqual([true, true]);
  });

  test("is not shared with its equal in a rule of fewer", () => {
    expect(shapesOf(MANY)[0]).not.toBe(shapesOf(ALONE)[0]);
    expect(shapesOf({ ...ALONE, _or: true, exp: 1 })[0]).toBe(shapesOf(ALONE)[0]);
  });
});
