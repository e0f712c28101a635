/** Every operator on every type, and on a missing claim: by the engine and by the reference. */
import { describe, expect, test } from "bun:test";
import { parseJson } from "../../../src/core/json-parse.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { matchesCondition } from "../../../src/core/revocation/evaluate.ts";
import { isJsonObject } from "../../../src/core/revocation/json-text.ts";
import { parseRule } from "../../../src/core/revocation/parse-rule.ts";
import { ruleMatches } from "../../../src/core/revocation/reference.ts";

function parseObject(text: string): JsonObject {
  const value = parseJson(text);
  if (!isJsonObject(value)) throw new TypeError("a test's JSON is not an object");
  return value;
}

/** More members than the parser keeps in a Map. */
const MANY = `{${Array.from({ length: 50 }, (_, n) => `"m${n}":${n}`).join()},"b":1}`;

function matches(rule: string, claims: string): boolean {
  const parsed = parseObject(claims);
  const answer = matchesCondition(parseRule(rule).condition, parsed);
  expect(ruleMatches(parseObject(rule), parsed)).toBe(answer);
  return answer;
}

/** The value of the claim `x`, as JSON; `-` is a token without it. */
const VALUES: readonly string[] = [
  "-",
  "null",
  "true",
  "false",
  "10",
  "9",
  "11",
  "10.0",
  '"10"',
  '"a"',
  '"ab"',
  '"b"',
  "[10]",
  '{"x":10}',
];

/** The rule's operators, and the values of the list above that they match. */
const TABLE: readonly (readonly [operators: string, matched: readonly string[]])[] = [
  ["10", ["10", "10.0"]],
  ['"10"', ['"10"']],
  ["null", ["null"]],
  ["true", ["true"]],
  ["false", ["false"]],
  ['{"eq":10}', ["10", "10.0"]],
  ['{"eq":"a"}', ['"a"']],
  ['{"eq":null}', ["null"]],
  ['{"eq":false}', ["false"]],
  ['{"ne":10}', VALUES.filter((value) => value !== "10" && value !== "10.0")],
  ['{"ne":null}', VALUES.filter((value) => value !== "null")],
  ['{"gt":10}', ["11"]],
  ['{"gte":10}', ["10", "11", "10.0"]],
  ['{"lt":10}', ["9"]],
  ['{"lte":10}', ["10", "9", "10.0"]],
  ['{"gt":"a"}', ['"ab"', '"b"']],
  ['{"gte":"a"}', ['"a"', '"ab"', '"b"']],
  ['{"lt":"ab"}', ['"10"', '"a"']],
  ['{"lte":"ab"}', ['"10"', '"a"', '"ab"']],
  ['{"sw":"a"}', ['"a"', '"ab"']],
  ['{"sw":"1"}', ["10", "11", "10.0", '"10"']],
  ['{"sw":""}', ["10", "9", "11", "10.0", '"10"', '"a"', '"ab"', '"b"']],
  ['{"regex":"^1"}', ["10", "11", "10.0", '"10"']],
  ['{"regex":"b$"}', ['"ab"', '"b"']],
  ['{"regex":""}', ["10", "9", "11", "10.0", '"10"', '"a"', '"ab"', '"b"']],
  ['{"in":[10,"a",null]}', ["null", "10", "10.0", '"a"']],
  ['{"exists":true}', VALUES.filter((value) => value !== "-")],
  ['{"exists":false}', ["-"]],
  ['{"gte":9,"lt":11}', ["10", "9", "10.0"]],
  ['{"_or":true,"lt":10,"gt":10}', ["9", "11"]],
  ['{"_or":false,"lt":10,"gt":10}', []],
  ['{"_or":true,"lte":10,"exists":false}', ["-", "10", "9", "10.0"]],
  ['{"x":{"eq":10}}', ['{"x":10}']],
  ['{"x":{"exists":false}}', VALUES.filter((value) => value !== '{"x":10}')],
];

describe("an operator", () => {
  for (const [operators, matched] of TABLE) {
    test(`${operators} matches ${matched.join(" ") || "nothing"}`, () => {
      const found = VALUES.filter((value) =>
        matches(`{"x":${operators}}`, value === "-" ? "{}" : `{"x":${value}}`),
      );
      expect(found).toEqual([...matched]);
    });
  }
});

describe("numbers", () => {
  const cases: readonly (readonly [rule: string, claims: string, expected: boolean])[] = [
    ['{"cs":9007199254740993}', '{"cs":9007199254740993}', true],
    ['{"cs":9007199254740993}', '{"cs":9007199254740992}', false],
    ['{"cs":9007199254740993}', '{"cs":"9007199254740993"}', false],
    ['{"cs":{"gt":9007199254740992}}', '{"cs":9007199254740993}', true],
    ['{"cs":{"gt":9007199254740993}}', '{"cs":9007199254740993}', false],
    ['{"cs":100000000000000000000}', '{"cs":1e20}', true],
    ['{"cs":{"sw":"9007199254740993"}}', '{"cs":9007199254740993}', true],
    ['{"x":0}', '{"x":-0}', true],
    ['{"x":{"gt":5}}', '{"x":1e999}', true],
    ['{"x":{"regex":"."}}', '{"x":1e999}', false],
    ['{"x":{"sw":"1000"}}', '{"x":1e3}', true],
  ];
  for (const [rule, claims, expected] of cases) {
    test(`${rule} ${expected ? "matches" : "passes"} ${claims}`, () => {
      expect(matches(rule, claims)).toBe(expected);
    });
  }
});

describe("a member", () => {
  const cases: readonly (readonly [rule: string, claims: string, expected: boolean])[] = [
    ['{"a.b":1}', `{"a":${MANY}}`, true],
    ['{"a.m7":2}', `{"a":${MANY}}`, false],
    ['{"a":{"m7":{"lt":8},"b":{"exists":true}}}', `{"a":${MANY}}`, true],
    ['{"a.b":1}', '{"a.b":1}', true],
    ['{"a.b":1}', '{"a":{"b":1}}', true],
    // The literal name comes first, also when its value differs.
    ['{"a.b":1}', '{"a.b":2,"a":{"b":1}}', false],
    ['{"a.b":1}', '{"a":[1]}', false],
    ['{"a.0":1}', '{"a":[1]}', false],
    ['{"a.b.c":1}', '{"a":{"b":{"c":1}}}', true],
    ['{"a.b.c":1}', '{"a":{"b.c":1}}', false],
    ['{"a":{"b.c":{"eq":1}}}', '{"a":{"b.c":1}}', true],
    ['{"a":{"b":{"eq":1}}}', '{"a.b":1}', false],
    ['{".b":1}', '{"":{"b":1}}', true],
    ['{"__proto__":1}', '{"__proto__":1}', true],
    ['{"constructor":{"exists":true}}', "{}", false],
    ['{"toString.name":{"exists":true}}', "{}", false],
    ['{"eq":1}', '{"eq":1}', true],
    ['{"username":"bob","iat":{"lte":5}}', '{"username":"bob","iat":6}', false],
    ['{"_or":true,"username":"bob","iat":{"lte":5}}', '{"username":"bob","iat":6}', true],
    ['{"_or":true,"username":"bob","iat":{"lte":5}}', '{"username":"eve","iat":6}', false],
    ['{"aud":"a"}', '{"aud":["a"]}', false],
    // UTF-16 order, as JavaScript's: a surrogate pair comes before U+FFFF.
    ['{"x":{"lt":"\uffff"}}', '{"x":"\u{1f600}"}', true],
  ];
  for (const [rule, claims, expected] of cases) {
    test(`${rule} ${expected ? "matches" : "passes"} ${claims}`, () => {
      expect(matches(rule, claims)).toBe(expected);
    });
  }
});
