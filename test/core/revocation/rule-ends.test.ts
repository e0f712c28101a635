/** Which rules end too early once tokens are accepted for longer, and when they have to end. */
import { describe, expect, test } from "bun:test";
import {
  allIntent,
  familyIntent,
  type Intent,
  tokenIntent,
  userIntent,
} from "../../../src/core/revocation/intents.ts";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import {
  type EndPolicy,
  isLonger,
  neededEnd,
  shorterOf,
} from "../../../src/core/revocation/rule-ends.ts";

const NOW = 1_800_000_000;

function policy(skewSeconds: number, maxTokenAgeSeconds?: number): EndPolicy {
  return { skewSeconds, maxTokenAgeSeconds };
}

function tokenOf(text: string) {
  const { object } = parseJsonObject(text);
  return { claims: object, subjects: [], issuer: "https://one", digest: "d" };
}

const exp = NOW + 600;
const INTENTS: readonly (readonly [string, (from: EndPolicy) => Intent])[] = [
  ["a token by its jti", (from) => tokenIntent(tokenOf(`{"jti":"a","exp":${exp}}`), at(from))],
  ["a token by its cs", (from) => tokenIntent(tokenOf(`{"cs":5,"exp":${exp}}`), at(from))],
  ["a token by its digest", (from) => tokenIntent(tokenOf(`{"exp":${exp}}`), at(from))],
  ["a refresh token", (from) => familyIntent(tokenOf(`{"cs":5,"irt":1,"exp":${exp}}`), at(from))],
  ["a user", (from) => userIntent("bob", undefined, at(from))],
  ["everyone", (from) => allIntent(NOW, at(from))],
];

function at(from: EndPolicy) {
  return { nowSeconds: NOW, ...from };
}

/** What a rule of this intent needs after the change. */
function needed({ rule, expireAt }: Intent, from: EndPolicy, to: EndPolicy): number | undefined {
  return neededEnd({ text: rule.text, expireAt }, from, to);
}

describe("the end that a rule needs", () => {
  test.each(INTENTS)("follows a larger skew, for %s", (_, write) => {
    const [from, to] = [policy(0, 60), policy(30, 60)];
    const before = write(from);
    const after = needed(before, from, to);
    // Written anew it would end no later; whom a user's rule is for, it reaches already.
    expect(after).toBeGreaterThanOrEqual(before.expireAt + 30);
    expect(needed({ ...before, expireAt: after ?? 0 }, to, to)).toBeUndefined();
  });

  test.each(INTENTS)("stays under the same policy and a shorter one, for %s", (_, write) => {
    const from = policy(5, 60);
    for (const to of [from, policy(4, 60), policy(5, 59)]) {
      expect(needed(write(from), from, to)).toBeUndefined();
    }
  });

  test.each(INTENTS.slice(3))("follows a greater age, and goes without one, for %s", (_, write) => {
    const from = policy(5, 60);
    expect(needed(write(from), from, policy(5, 90))).toBe(write(from).expireAt + 30);
    expect(needed(write(from), from, policy(5))).toBe(0);
  });

  test.each(INTENTS.slice(0, 3))("follows no age for %s", (_, write) => {
    const from = policy(5, 60);
    expect(needed(write(from), from, policy(5))).toBeUndefined();
  });

  test("is the token's exp and the skew", () => {
    const before = tokenIntent(tokenOf(`{"jti":"a","exp":${exp}}`), at(policy(0)));
    expect(needed(before, policy(0), policy(60))).toBe(exp + 60);
  });

  test.each([
    ["that never ends", '{"jti":"a"}', 0],
    ["of other claims", '{"role":"guest"}', exp],
    ["of a claim beside the id", '{"jti":"a","role":"guest"}', exp],
    ["of an operator", '{"jti":{"sw":"a"}}', exp],
    ["of two ids", '{"_or":true,"cs":5,"rt":6}', exp],
    ["of some other time", '{"iat":{"lte":5}}', exp],
    [
      "that ends earlier than an intent's would",
      `{"iat":{"_or":true,"lte":${NOW},"exists":false}}`,
      NOW + 9,
    ],
    ["that is no JSON", '{"jti":', exp],
  ])("is its own for a rule %s", (_, text, expireAt) => {
    expect(neededEnd({ text, expireAt }, policy(0, 60), policy(60))).toBeUndefined();
    expect(neededEnd({ text: '{"jti":"a"}', expireAt: exp }, policy(0, 60), policy(60))).toBe(
      exp + 60,
    );
  });
});

describe("two policies", () => {
  test("are told apart by which accepts tokens for longer", () => {
    expect(isLonger(policy(6), policy(5))).toBe(true);
    expect(isLonger(policy(5), policy(5, 60))).toBe(true);
    expect(isLonger(policy(5, 61), policy(5, 60))).toBe(true);
    expect(isLonger(policy(5), policy(5))).toBe(false);
    expect(isLonger(policy(4, 60), policy(5))).toBe(false);
  });

  test("have one that is shorter than both", () => {
    expect(shorterOf(policy(6, 60), policy(5))).toEqual(policy(5, 60));
    expect(shorterOf(policy(6), policy(5))).toEqual(policy(5));
  });
});
