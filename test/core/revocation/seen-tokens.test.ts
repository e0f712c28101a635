/** The sample of tokens seen: bounded, short-lived, and never a token. */
import { describe, expect, test } from "bun:test";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import { parseRule } from "../../../src/core/revocation/parse-rule.ts";
import { SeenTokens } from "../../../src/core/revocation/seen-tokens.ts";
import { DIGEST_MEMBER, tokenDigest } from "../../../src/core/revocation/token-digest.ts";
import type { AuthenticToken } from "../../../src/core/token/verdict.ts";

const NOW = 1_800_000_000;
const GLOBAL = { kind: "global" } as const;

function createSample(limit?: number) {
  const clock = { now: NOW };
  const sample = new SeenTokens(["username", "sub"], {
    nowSeconds: () => clock.now,
    ...(limit === undefined ? {} : { limit }),
  });
  return { clock, sample };
}

function token(claimsText: string, subjects = ["bob"], issuer?: string): AuthenticToken {
  return {
    claimsText,
    claims: parseJsonObject(claimsText),
    isStateless: false,
    subjects,
    issuer,
    jweHeaderText: undefined,
    alg: "ES256",
    kid: undefined,
    keyThumbprint: undefined,
    keySource: undefined,
  };
}

const matched = (sample: SeenTokens, rule: string) =>
  sample.match(GLOBAL, parseRule(rule).condition).matched;

describe("SeenTokens", () => {
  test("counts each token once, however often it is seen", () => {
    const { sample } = createSample();
    for (let index = 0; index < 5; index += 1) sample.note(token('{"sub":"bob"}'));
    expect(sample.match(GLOBAL, parseRule('{"sub":"bob"}').condition)).toMatchObject({
      of: 1,
      matched: 1,
    });
  });

  test("asks only tokens of the rule's subject and issuer", () => {
    const { sample } = createSample();
    sample.note(token('{"sub":"bob","iss":"a"}', ["bob"], "a"));
    sample.note(token('{"sub":"bob","iss":"b"}', ["bob"], "b"));
    sample.note(token('{"sub":"carol"}', ["carol"]));
    const any = parseRule('{"sub":{"exists":true}}').condition;
    const count = (subject: string, issuer?: string) =>
      sample.match({ kind: "subject", subject, issuer }, any).matched;
    expect([count("bob"), count("bob", "a"), count("carol"), count("dave")]).toEqual([2, 1, 1, 0]);
  });

  test("forgets what was not seen for an hour", () => {
    const { clock, sample } = createSample();
    sample.note(token('{"sub":"bob"}'));
    clock.now += 3601;
    sample.note(token('{"sub":"carol"}', ["carol"]));
    expect(sample.match(GLOBAL, parseRule('{"sub":{"exists":true}}').condition)).toMatchObject({
      of: 1,
      since: clock.now,
    });
  });

  test("keeps no more than its limit, and looks at no more than so many a second", () => {
    const { clock, sample } = createSample(300);
    for (let index = 0; index < 1000; index += 1) sample.note(token(`{"jti":"${index}"}`));
    expect(sample.match(GLOBAL, parseRule('{"jti":{"exists":true}}').condition).of).toBe(200);
    clock.now += 1;
    for (let index = 1000; index < 2000; index += 1) sample.note(token(`{"jti":"${index}"}`));
    expect(sample.match(GLOBAL, parseRule('{"jti":{"exists":true}}').condition).of).toBe(300);
  });

  test("keeps only claims that rules name, and of those only small ones", () => {
    const { sample } = createSample();
    const rule = '{"note":{"exists":true},"deep":{"exists":true}}';
    expect(sample.match(GLOBAL, parseRule(rule).condition).unknownClaims).toEqual(["note", "deep"]);
    sample.note(token('{"note":"short","deep":{"a":1},"secret":"x"}'));
    sample.note(token(`{"note":"${"x".repeat(600)}","deep":{"a":"${"y".repeat(600)}"}}`));
    expect(matched(sample, rule)).toBe(1);
    expect(JSON.stringify(sample)).not.toContain("secret");
    expect(matched(sample, '{"secret":"x"}')).toBe(0);
  });

  test("knows nested claims by their path, literal names first", () => {
    const { sample } = createSample();
    sample.watch(["realm", "a.b"]);
    sample.note(token('{"realm":{"role":"x"},"a.b":1}'));
    expect(matched(sample, '{"realm.role":"x"}')).toBe(1);
    expect(matched(sample, '{"realm":{"role":{"eq":"x"}}}')).toBe(1);
    expect(matched(sample, '{"a.b":1}')).toBe(1);
  });

  test("watches a bounded number of claims", () => {
    const { sample } = createSample();
    sample.watch(Array.from({ length: 500 }, (_, index) => `c${index}`));
    sample.note(token('{"c1":1,"c499":1}'));
    expect([matched(sample, '{"c1":1}'), matched(sample, '{"c499":1}')]).toEqual([1, 0]);
  });

  test("knows a token by its digest, and never by a claim of that name", () => {
    const { sample } = createSample();
    const text = `{"sub":"bob","${DIGEST_MEMBER}":"${"0".repeat(64)}"}`;
    sample.note(token(text));
    expect(matched(sample, `{"${DIGEST_MEMBER}":"${tokenDigest(text)}"}`)).toBe(1);
    expect(matched(sample, `{"${DIGEST_MEMBER}":"${"0".repeat(64)}"}`)).toBe(0);
  });

  test("names at most twenty subjects, and says how many there are", () => {
    const { sample } = createSample();
    for (let index = 0; index < 50; index += 1) {
      sample.note(token(`{"sub":"s${index}"}`, [`s${index}`]));
    }
    const seen = sample.match(GLOBAL, parseRule('{"sub":{"sw":"s"}}').condition);
    expect([seen.subjects.length, seen.subjectCount]).toEqual([20, 50]);
  });
});
