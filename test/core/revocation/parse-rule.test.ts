/** What a rule must be to be written: each refusal with its place and what was expected. */
import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { parseRule } from "../../../src/core/revocation/parse-rule.ts";

function refusalOf(text: string): AppError {
  try {
    parseRule(text);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new TypeError(`accepted: ${text.slice(0, 80)}`);
}

function nested(levels: number): string {
  return `${'{"a":'.repeat(levels - 1)}{"exists":true}${"}".repeat(levels - 1)}`;
}

const REFUSED: readonly (readonly [name: string, rule: string, path: string, expected: RegExp])[] =
  [
    ["an empty rule", "{}", "", /at least one claim/],
    ["a rule of nothing but _or", '{"_or":true}', "", /at least one claim/],
    ["an empty object of operators", '{"iat":{}}', "/iat", /at least one operator/],
    ["operators of nothing but _or", '{"iat":{"_or":true}}', "/iat", /at least one operator/],
    ["an empty nested object", '{"a":{"b":{}}}', "/a/b", /at least one operator/],
    ["no JSON", "{", "", /JSON object/],
    ["an array", "[]", "", /JSON object/],
    ["a string", '"iat"', "", /JSON object/],
    ["null", "null", "", /JSON object/],
    ["a member twice", '{"iat":1,"iat":2}', "", /no name occurs twice/],
    ["an operator twice", '{"iat":{"lt":1,"lt":2}}', "", /no name occurs twice/],
    ["an unknown operator", '{"iat":{"before":5}}', "/iat/before", /one of eq ne/],
    ["JavaScript's names", '{"iat":{"constructor":5}}', "/iat/constructor", /one of eq ne/],
    ["__proto__ as an operator", '{"iat":{"__proto__":5}}', "/iat/__proto__", /one of eq ne/],
    ["an operator in capitals", '{"iat":{"LTE":5}}', "/iat/LTE", /one of eq ne/],
    ["_or that is no boolean", '{"_or":1,"iat":1}', "/_or", /true or false/],
    ["_or inside that is no boolean", '{"iat":{"_or":"true","lt":1}}', "/iat/_or", /true or false/],
    ["a claim equal to an array", '{"aud":["a"]}', "/aud", /string, a number/],
    ["a claim equal to an overflow", '{"iat":1e999}', "/iat", /string, a number/],
    ["eq with an object", '{"a":{"eq":{"b":1}}}', "/a/eq", /string, a number/],
    ["eq with an array", '{"a":{"eq":[1]}}', "/a/eq", /string, a number/],
    ["ne with an array", '{"a":{"ne":[1]}}', "/a/ne", /string, a number/],
    ["gt with null", '{"a":{"gt":null}}', "/a/gt", /a number or a string/],
    ["gte with true", '{"a":{"gte":true}}', "/a/gte", /a number or a string/],
    ["lt with an array", '{"a":{"lt":[1]}}', "/a/lt", /a number or a string/],
    ["lte with an overflow", '{"a":{"lte":1e999}}', "/a/lte", /can hold/],
    ["sw with a number", '{"a":{"sw":1}}', "/a/sw", /a string/],
    ["regex with a number", '{"a":{"regex":1}}', "/a/regex", /a string/],
    ["in with no list", '{"a":{"in":1}}', "/a/in", /a list/],
    ["in with an empty list", '{"a":{"in":[]}}', "/a/in", /at least one/],
    ["in with an object in its list", '{"a":{"in":[{}]}}', "/a/in", /a list/],
    ["exists with a number", '{"a":{"exists":1}}', "/a/exists", /true or false/],
    ["a pattern that is none", '{"a":{"regex":"("}}', "/a/regex", /RE2/],
    ["look-ahead", '{"a":{"regex":"(?=a)b"}}', "/a/regex", /RE2/],
    ["look-behind", '{"a":{"regex":"(?<=a)b"}}', "/a/regex", /RE2/],
    ["a back-reference", '{"a":{"regex":"(a)\\\\1"}}', "/a/regex", /RE2/],
    [
      "a pattern that unfolds",
      '{"a":{"regex":"((a{1,30}){1,30}){1,30}"}}',
      "/a/regex",
      /simpler|RE2/,
    ],
    ["a pattern too long", `{"a":{"regex":"${"a".repeat(1025)}"}}`, "/a/regex", /1024/],
    ["nine levels", nested(9), "/a/a/a/a/a/a/a/a", /8 levels/],
    ["hundreds of levels", nested(300), "", /JSON object/],
    ["more than 16 KiB", `{"a":"${"x".repeat(16_384)}"}`, "", /16384 bytes/],
    ["more than 16 KiB in UTF-8", `{"a":"${"é".repeat(8200)}"}`, "", /16384 bytes/],
    ["a name to be escaped in its path", '{"a/b~":{"c":1}}', "/a~1b~0/c", /one of eq ne/],
  ];

describe("parseRule refuses", () => {
  for (const [name, rule, path, expected] of REFUSED) {
    test(name, () => {
      const refusal = refusalOf(rule);
      expect(refusal.code).toBe("invalid");
      expect(refusal.path).toBe(path);
      expect(refusal.expected).toMatch(expected);
    });
  }
});

describe("parseRule accepts", () => {
  const accepted = [
    '{"username":"bob","iat":{"lte":1700000000}}',
    '{"_or":true,"cs":9007199254740993,"rt":9007199254740993}',
    '{"a.b":null,"":true}',
    nested(8),
    `{"a":"${"x".repeat(16_376)}"}`,
    '{"a":{"regex":"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"}}',
  ];
  for (const rule of accepted) {
    test(rule.slice(0, 60), () => {
      expect(parseRule(rule).text).toBe(rule);
    });
  }

  test("white space and other spellings of numbers, and keeps neither", () => {
    expect(parseRule(' { "a" : 1.0 , "b" : 1e2 } ').text).toBe('{"a":1,"b":100}');
  });
});
