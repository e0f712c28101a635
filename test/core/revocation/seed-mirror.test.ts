/** A seed's set compared with the rules that came from it. */
import { describe, expect, test } from "bun:test";
import { compilePattern } from "../../../src/core/revocation/pattern.ts";
import { compareSet, contentOf, readSeedSet } from "../../../src/core/revocation/seed-mirror.ts";

const NOW = 1_800_000_000;
const reading = { reason: "moved in", nowSeconds: NOW, compile: compilePattern };

function read(name: string, ...members: readonly (readonly [string | undefined, number])[]) {
  return readSeedSet({ name, members: members.map(([text, score]) => ({ text, score })) }, reading);
}

describe("a seed's set", () => {
  test("is read as rules of its user, or of everybody", () => {
    const [rule] = read("bob", ['{"cs":12345678901234567891}', NOW + 5]).wanted.values();
    expect(rule).toMatchObject({
      scope: { kind: "subject", subject: "bob" },
      expireAt: NOW + 6,
      reason: "moved in",
    });
    expect(rule?.rule.text).toBe('{"cs":12345678901234567891}');
    const [global] = read("g", ['{"a":1}', 0]).wanted.values();
    expect(global?.scope).toEqual({ kind: "global" });
  });

  test("counts what is over, and names what cannot be a rule by its place", () => {
    const { wanted, expired, problems } = read(
      "bob",
      ['{"a":1}', NOW - 1],
      ["{}", 0],
      [undefined, 0],
      ['{"a":1}', Number.NaN],
      ['{"b":1}', 0],
    );
    expect([wanted.size, expired]).toEqual([1, 1]);
    expect(problems.map(({ place, problem }) => [place, problem.path])).toEqual([
      [1, "/member"],
      [2, undefined],
      [3, "/score"],
    ]);
    expect(read("", ['{"a":1}', 0]).problems).toHaveLength(1);
  });

  test("differs from our rules by content, not by how it is written", () => {
    const { wanted } = read("bob", ['{ "a": 1 }', 0], ['{"b":1}', 0]);
    const [first] = [...wanted.values()];
    if (first === undefined) throw new Error("no rule");
    const ours = new Map([
      [contentOf(first), [1, 2]],
      ["something else", [3, 4]],
    ]);
    const { missing, gone } = compareSet(wanted, ours);
    expect(missing.map(({ rule }) => rule.text)).toEqual(['{"b":1}']);
    expect(gone).toEqual([3, 4]);
  });

  test("tells subjects, issuers and ends apart", () => {
    const [rule] = [...read("bob", ['{"a":1}', 0]).wanted.values()];
    if (rule === undefined) throw new Error("no rule");
    const others = [
      { ...rule, expireAt: 5 },
      { ...rule, scope: { kind: "global" as const } },
      { ...rule, scope: { kind: "subject" as const, subject: "g", issuer: undefined } },
      { ...rule, scope: { kind: "subject" as const, subject: "bob", issuer: "null" } },
    ];
    expect(new Set([rule, ...others].map(contentOf)).size).toBe(5);
    expect(contentOf({ ...rule })).toBe(contentOf(rule));
  });
});
