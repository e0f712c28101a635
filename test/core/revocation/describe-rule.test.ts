/** Rules in words: exact enough to decide by. */
import { describe, expect, test } from "bun:test";
import { describeRule } from "../../../src/core/revocation/describe-rule.ts";
import { parseRule } from "../../../src/core/revocation/parse-rule.ts";

const TABLE: readonly (readonly [rule: string, words: string])[] = [
  ['{"username":"bob"}', 'username is "bob"'],
  ['{"a":1,"b":2}', "a is 1 and b is 2"],
  ['{"_or":true,"a":1,"b":2}', "a is 1 or b is 2"],
  ['{"iat":{"lte":1700000000}}', "iat is at most 1700000000 (2023-11-14 22:13:20 UTC)"],
  ['{"level":{"gt":5,"lte":9}}', "level is more than 5 and is at most 9"],
  ['{"a":{"gte":"m","lt":"n"}}', 'a is at or after "m" and is before "n"'],
  ['{"a":{"ne":1}}', "a is not 1 (or is missing)"],
  ['{"a":{"_or":true,"exists":false,"sw":"x"}}', 'a is missing or starts with "x"'],
  ['{"a":{"in":[1,"x",null]}}', 'a is one of (1, "x", null)'],
  ['{"a":{"regex":"^x"}}', 'a matches the pattern "^x"'],
  [
    '{"u":"b","_or":false,"x":{"_or":true,"eq":1,"gt":5}}',
    'u is "b" and (x is 1 or is more than 5)',
  ],
  ['{"_or":true,"u":"b","x":{"gt":1,"lt":5}}', 'u is "b" or (x is more than 1 and is less than 5)'],
  ['{"a":{"b":{"eq":1}}}', "b in a is 1"],
  ['{"a b":{"exists":true}}', '"a b" is there'],
  ['{"cs":9007199254740993}', "cs is 9007199254740993"],
];

describe("describeRule", () => {
  for (const [rule, words] of TABLE) {
    test(rule, () => {
      expect(describeRule({ kind: "global" }, parseRule(rule))).toBe(
        `Refuses every token where ${words}.`,
      );
    });
  }

  test("names the subject and the issuer as JSON, so that no name can pass for a sentence", () => {
    const scope = { kind: "subject", subject: 'b" or "e', issuer: "i" } as const;
    expect(describeRule(scope, parseRule('{"a":1}'))).toBe(
      'Refuses every token of "b\\" or \\"e" from issuer "i" where a is 1.',
    );
  });
});
