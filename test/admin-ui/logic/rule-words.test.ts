/** The rules that the intents write, in plain words; every other one in its own. */
import { describe, expect, test } from "bun:test";
import type { IntentTimes } from "../../../src/core/revocation/intents.ts";
import {
  allIntent,
  blockIntent,
  familyIdIntent,
  familyIntent,
  tokenIntent,
  userIntent,
} from "../../../src/core/revocation/intents.ts";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import { readRule, readRulePage } from "../../../src/admin-ui/logic/rule-json.ts";
import { toRuleWords } from "../../../src/admin-ui/logic/rule-words.ts";

const NOW = 1_795_446_912;
const TIMES: IntentTimes = { nowSeconds: NOW, skewSeconds: 5, maxTokenAgeSeconds: undefined };
const ID = "1712345678901234567";

const tokenOf = (claims: string, subjects: readonly string[] = ["bob"], issuer?: string) => ({
  claims: parseJsonObject(claims).object,
  subjects,
  issuer,
  digest: "ab12",
});

function wordsOf(rule: string, more: Readonly<Record<string, unknown>> = {}): string {
  const rest = JSON.stringify({ scope: "global", words: "Refuses it all.", ...more });
  return toRuleWords(readRule(`{"rule":${rule},${rest.slice(1)}`))
    .map((part) => (typeof part === "string" ? part : `[${part.at}]`))
    .join("");
}

describe("an everyday rule", () => {
  const user = userIntent("bob", undefined, TIMES);
  const family = tokenOf(`{"rt":${ID}}`);
  test.each([
    ["a person", user, `Every token issued until [${NOW + 5}]`],
    ["everybody", allIntent(NOW, TIMES), `Every token issued until [${NOW}]`],
    ["a person for good", blockIntent("bob", undefined), "Every token, future ones too"],
    ["one token", tokenIntent(tokenOf('{"jti":"a b"}'), TIMES), "One token, jti a b"],
    ["one without an id", tokenIntent(tokenOf('{"x":1}'), TIMES), "One token, SHA-256 ab12"],
    [
      "one of nobody",
      tokenIntent(tokenOf(`{"cs":${ID}}`, [], "https://i"), TIMES),
      `One token of https://i, cs ${ID}`,
    ],
    ["a login", familyIntent(family, TIMES), `Login ${ID} and all it issued`],
    [
      "a login by its id",
      familyIdIntent(ID, undefined, undefined),
      `Login ${ID} and all it issued`,
    ],
  ])("is said plainly: %s", (_, intent, words) => {
    expect(wordsOf(intent.rule.text)).toBe(words);
  });
});

describe("any other rule", () => {
  test.each([
    ['{"iat":{"lte":1795446912}}'],
    ['{"iat":{"_or":true,"lte":1795446912,"exists":true}}'],
    ['{"iat":{"_or":true,"lte":1e20,"exists":false}}'],
    ['{"iat":{"_or":true,"lte":1795446912,"exists":false},"azp":"x"}'],
    ['{"_or":true,"iat":{"_or":true,"lte":1795446912,"exists":false}}'],
    ['{"iat":{"exists":true,"ne":0}}'],
    ['{"cs":"a","rt":"a"}'],
    ['{"_or":true,"cs":"a","rt":"b"}'],
    ['{"_or":true,"cs":{"in":["a","b"]},"rt":{"in":["a","b"]}}'],
    ['{"_or":true,"jti":"a","iss":"b"}'],
    ['{"jti":"a","iss":{"sw":"b"}}'],
    ['{"jti":{"sw":"a"}}'],
    ['{"jti":null}'],
    ['"not a rule"'],
  ])("keeps its exact words: %s", (rule) => {
    expect(wordsOf(rule)).toBe("Refuses it all");
  });

  test("does not repeat whom it is for", () => {
    const subject = 'b"ob';
    const issuer = "https://i";
    const whom = `of ${JSON.stringify(subject)} from issuer ${JSON.stringify(issuer)}`;
    const words = `Refuses every token ${whom} where azp is "x".`;
    expect(wordsOf('{"azp":"x"}', { subject, issuer, words })).toBe('Every token where azp is "x"');
    expect(wordsOf('{"azp":"x"}', { words: 'Refuses every token where azp is "x".' })).toBe(
      'Every token where azp is "x"',
    );
  });
});

test("a page of rules keeps each one's numbers exact", () => {
  const [first, second] = readRulePage(
    `{"items":[{"id":1,"rule":{"cs":${ID}}},{"id":2,"rule":"?"}],"cursor":"c"}`,
  ).items;
  expect(first?.json).toMatchObject({ members: [{ name: "cs", value: { text: ID } }] });
  expect(second).toMatchObject({ id: 2, json: { kind: "string", value: "?" } });
});
