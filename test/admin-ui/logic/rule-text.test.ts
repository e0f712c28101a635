import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  changeItem,
  createNextId,
  fitOperand,
  type Group,
  newMember,
} from "../../../src/admin-ui/logic/rule-model.ts";
import { findRow, findRuleProblems } from "../../../src/admin-ui/logic/rule-problems.ts";
import { toRequestText } from "../../../src/admin-ui/logic/rule-request.ts";
import { isTextProblem, parseRuleText, toRuleText } from "../../../src/admin-ui/logic/rule-text.ts";
import { parseRule } from "../../../src/core/revocation/parse-rule.ts";

function read(text: string): Group {
  const group = parseRuleText(text, createNextId());
  if (isTextProblem(group)) throw new Error(group.message);
  return group;
}

const scalar = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.integer(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n }),
  fc.constantFrom(true, false, null),
);
const write = (value: unknown): string =>
  typeof value === "bigint" ? String(value) : JSON.stringify(value);
const checks = fc.oneof(
  scalar.map((value) => `"eq":${write(value)}`),
  scalar.map((value) => `"ne":${write(value)}`),
  fc.integer().map((value) => `"gte":${value}`),
  fc.string({ minLength: 1 }).map((value) => `"lt":${JSON.stringify(value)}`),
  fc
    .array(scalar, { minLength: 1, maxLength: 4 })
    .map((values) => `"in":[${values.map(write).join(",")}]`),
  fc.string({ minLength: 1 }).map((value) => `"sw":${JSON.stringify(value)}`),
  fc.boolean().map((value) => `"exists":${value}`),
);
const { rule } = fc.letrec<{ rule: string; claim: string }>((tie) => ({
  claim: fc
    .tuple(
      fc.boolean(),
      fc.uniqueArray(checks, {
        minLength: 1,
        maxLength: 3,
        selector: (text) => text.split(":")[0],
      }),
      fc.oneof(
        { maxDepth: 3 },
        fc.constant(""),
        tie("claim").map((inner) => `"inner":${inner}`),
      ),
    )
    .map(([any, own, inner]) => {
      const members = [...(any ? ['"_or":true'] : []), ...own, ...(inner === "" ? [] : [inner])];
      return `{${members.join(",")}}`;
    }),
  rule: fc
    .tuple(
      fc.boolean(),
      fc.uniqueArray(
        fc.tuple(fc.string({ minLength: 1 }), fc.oneof(scalar.map(write), tie("claim"))),
        {
          minLength: 1,
          maxLength: 4,
          selector: ([name]) => name,
        },
      ),
    )
    .map(([any, members]) => {
      const all = members.filter(([name]) => name !== "_or" && name !== "__proto__");
      const texts = all.map(([name, value]) => `${JSON.stringify(name)}:${value}`);
      return `{${[...(any ? ['"_or":true'] : []), ...(texts.length === 0 ? ['"a":1'] : texts)].join(",")}}`;
    }),
}));

/** A rule of one row. */
const withRow = (name: string, op: string, type: string, text: string): Group => ({
  any: false,
  items: [
    {
      kind: "member",
      id: 900,
      name,
      group: {
        any: false,
        items: [{ kind: "check", id: 901, op, operand: { type, text } } as never],
      },
    },
  ],
});

describe("a rule between JSON and the builder", () => {
  test("says the same to the server whichever side it was written on", () => {
    fc.assert(
      fc.property(rule, (text) => {
        const group = read(text);
        expect(findRuleProblems(group)).toEqual(new Map());
        const { condition } = parseRule(toRuleText(group));
        expect(condition).toEqual(parseRule(text).condition);
      }),
      { numRuns: 500 },
    );
  });

  test("is written on several lines, equality at the top as a bare value", () => {
    expect(
      toRuleText(read('{"a":{"eq":"x"},"b":{"lte":5},"c":{"_or":true,"lt":1,"exists":false}}')),
    ).toBe(
      '{\n  "a": "x",\n  "b": { "lte": 5 },\n  "c": {\n    "_or": true,\n    "lt": 1,\n    "exists": false\n  }\n}',
    );
  });

  test("goes into a request with its numbers exact", () => {
    const request = toRequestText(
      '{"cs": 1712345678901234567}',
      { scope: "subject", subject: " bob ", issuer: "" },
      0,
    );
    expect(request({ reason: "r" })).toBe(
      '{"rule":{"cs": 1712345678901234567},"subject":"bob","expireAt":0,"reason":"r"}',
    );
  });
});

describe("a rule that is being built", () => {
  const nextId = createNextId();
  test.each([
    ["without a claim's name", withRow("", "eq", "text", "x"), 900],
    ["with _or as a claim", withRow("_or", "eq", "text", "x"), 900],
    ["with a number that is none", withRow("a", "gt", "number", "five"), 901],
    ["with an empty number", withRow("a", "eq", "number", " "), 901],
    ["with a number too large", withRow("a", "lt", "number", "1e999"), 901],
    ["with nothing to start with", withRow("a", "sw", "text", ""), 901],
    ["with a list that is none", withRow("a", "in", "text", "web, ios"), 901],
    ["with an empty list", withRow("a", "in", "text", ""), 901],
    ["with a list in a list", withRow("a", "in", "text", "[1]"), 901],
    ["without any condition", { any: false, items: [] }, 0],
    ["longer than 16 KiB", withRow("a", "eq", "text", "x".repeat(17_000)), 0],
  ])("is refused %s, at its row", (_, group, row) => {
    expect([...findRuleProblems(group).keys()]).toEqual([row]);
  });

  test("is refused where a claim or a comparison is there twice, or nests too deep", () => {
    const one = newMember(nextId, "a");
    const twice = newMember(nextId, "a");
    expect([...findRuleProblems({ any: false, items: [one, twice] }).keys()]).toEqual([twice.id]);
    const deep = `${'{"a":'.repeat(8)}{"eq":1}${"}".repeat(8)}`;
    expect([...findRuleProblems(read(deep)).values()]).toEqual([
      "This is nested deeper than 8 levels.",
    ]);
  });

  test("changes one row and leaves the others as they are", () => {
    const group = read('{"a":1,"b":{"c":{"lt":2}}}');
    const id = findRow(group, "/rule/b/c");
    const changed = changeItem(group, id, (item) =>
      item.kind === "member" ? { ...item, name: "d" } : item,
    );
    expect(toRuleText(changed)).toContain('"d": { "lt": 2 }');
    expect(changed.items[0]).toEqual(group.items[0] as never);
    expect(toRuleText(changeItem(group, id, () => undefined))).not.toContain('"c"');
  });

  test("keeps what was typed when the operator changes", () => {
    expect(fitOperand("exists", { type: "text", text: "x" })).toEqual({ type: "true", text: "x" });
    expect(fitOperand("gt", { type: "number", text: "5" })).toEqual({ type: "number", text: "5" });
    expect(fitOperand("gt", { type: "null", text: "5" })).toEqual({ type: "text", text: "5" });
    expect(fitOperand("sw", { type: "number", text: "5" })).toEqual({ type: "text", text: "5" });
  });
});

describe("the row of a refusal", () => {
  const group = read('{"a~/b":{"lte":1,"inner":{"gt":2}},"c":3}');
  const idOf = (pointer: string) => findRow(group, pointer);

  test("is the deepest that the pointer names", () => {
    const [first, second] = group.items;
    expect(idOf("/rule/c")).toBe(second?.id ?? -1);
    expect(idOf("/rule/a~0~1b")).toBe(first?.id ?? -1);
    expect(idOf("/rule/a~0~1b/inner/gt")).toBeGreaterThan(0);
    expect(idOf("/rule/a~0~1b/inner/unknown")).toBe(idOf("/rule/a~0~1b/inner"));
  });

  test.each(["", "/rule", "/subject", "/rule/none"])("is the whole rule for %p", (pointer) => {
    expect(idOf(pointer)).toBe(0);
  });
});
