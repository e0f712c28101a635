/** Comparisons of moments that can never match. */
import { describe, expect, test } from "bun:test";
import { createNextId } from "../../../src/admin-ui/logic/rule-model.ts";
import { isTextProblem, parseRuleText } from "../../../src/admin-ui/logic/rule-text.ts";
import { findRuleWarnings, fitClaim } from "../../../src/admin-ui/logic/rule-warnings.ts";

function warningsOf(text: string): readonly string[] {
  const group = parseRuleText(text, createNextId());
  if (isTextProblem(group)) throw new Error(group.message);
  return [...findRuleWarnings(group).values()];
}

describe("a comparison of a moment", () => {
  test.each([
    '{"iat":{"lte":"1995839480"}}',
    '{"exp":"1995839480"}',
    '{"nbf":{"eq":null}}',
    '{"iat":{"sw":"19"}}',
    '{"iat":{"regex":"^1"}}',
    '{"iat":{"in":["1","2"]}}',
    '{"iat":{"_or":true,"lte":"5","exists":false}}',
  ])("is warned of where it never matches: %s", (rule) => {
    expect(warningsOf(rule)).toHaveLength(1);
    expect(warningsOf(rule)[0]).toContain("is a number: this never matches.");
  });

  test.each([
    '{"iat":{"lte":1995839480}}',
    '{"iat":{"in":["1",2]}}',
    '{"iat":{"ne":"x"}}',
    '{"iat":{"exists":true}}',
    '{"client_id":{"lte":"5"}}',
    '{"a":{"iat":{"lte":"5"}}}',
  ])("is not where it may: %s", (rule) => {
    expect(warningsOf(rule)).toEqual([]);
  });

  test("is by number where what was typed is one", () => {
    const typed = { type: "text", text: "1995839480" } as const;
    expect(fitClaim("iat", typed).type).toBe("number");
    expect(fitClaim("client_id", typed).type).toBe("text");
    expect(fitClaim("iat", { type: "text", text: "tomorrow" }).type).toBe("text");
  });
});
