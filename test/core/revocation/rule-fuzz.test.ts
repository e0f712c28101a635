/** P12: the engine and the published reference say the same of every rule and claim set. */
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseJson } from "../../../src/core/json-parse.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { ClaimKeys } from "../../../src/core/revocation/claim-hash.ts";
import { matchesCondition } from "../../../src/core/revocation/evaluate.ts";
import { jsonText } from "../../../src/core/revocation/json-text.ts";
import { parseRule } from "../../../src/core/revocation/parse-rule.ts";
import { ruleMatches } from "../../../src/core/revocation/reference.ts";
import {
  type RuleEntry,
  ruleEntries,
  ruleParts,
} from "../../../src/core/revocation/rule-entries.ts";
import { claimSets, rules } from "./arbitraries.ts";

const numRuns = process.env["FULL"] === "1" ? 120_000 : 3000;

function keysOf(claims: JsonObject, entries: readonly RuleEntry[]): ReadonlySet<number> {
  const keys = new ClaimKeys();
  keys.collect(claims, new Set(entries.flatMap(({ paths }) => paths)));
  return new Set(keys.keys.subarray(0, keys.count));
}

/** Claims that have what a rule says with plain values. */
function meeting(rule: JsonObject, claims: JsonObject): JsonObject {
  const plain = [...rule].filter(([name, value]) => name !== "_or" && !(value instanceof Map));
  return new Map([...claims, ...plain]);
}

describe("a rule", () => {
  test("means to the engine what the reference says it means", () => {
    let matched = 0;
    fc.assert(
      fc.property(rules, claimSets, (rule, claims) => {
        const expected = ruleMatches(rule, claims);
        if (expected) matched++;
        expect(matchesCondition(parseRule(rule).condition, claims)).toBe(expected);
      }),
      { numRuns },
    );
    // A fuzz in which nothing matches compares nothing.
    expect(matched / numRuns).toBeGreaterThan(0.1);
    expect(matched / numRuns).toBeLessThan(0.9);
  }, 600_000);

  test("means the same after it was stored as text", () => {
    fc.assert(
      fc.property(rules, claimSets, (rule, claims) => {
        const { text, condition } = parseRule(rule);
        expect(jsonText(parseJson(text))).toBe(text);
        expect(matchesCondition(parseRule(text).condition, claims)).toBe(
          matchesCondition(condition, claims),
        );
      }),
      { numRuns: numRuns / 10 },
    );
  }, 600_000);

  test("holds exactly when one of its parts does", () => {
    fc.assert(
      fc.property(rules, claimSets, (rule, claims) => {
        const { condition } = parseRule(rule);
        expect(ruleParts(condition).some((part) => matchesCondition(part, claims))).toBe(
          matchesCondition(condition, claims),
        );
      }),
      { numRuns },
    );
  }, 600_000);

  test("is found under a key of the token whenever it matches and has keys at all", () => {
    let keyed = 0;
    fc.assert(
      fc.property(rules, claimSets, fc.boolean(), (rule, drawn, isMet) => {
        const { condition } = parseRule(rule);
        const claims = isMet ? meeting(rule, drawn) : drawn;
        if (!matchesCondition(condition, claims)) return;
        const ways = ruleEntries(condition, undefined);
        const keys = keysOf(claims, ways);
        const isFound = ways.some(({ keySets }) =>
          keySets.every((set) => set.some((key) => keys.has(key))),
        );
        if (ways.every(({ keySets }) => keySets.length > 0)) keyed++;
        expect(isFound).toBe(true);
      }),
      { numRuns },
    );
    // Of rules and claims drawn apart, hardly any both match and have keys.
    expect(keyed / numRuns).toBeGreaterThan(0.05);
  }, 600_000);
});
