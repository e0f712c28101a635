/** The sample of tokens seen: bounded, short-lived, and never a token. */
import { describe, expect, test } from "bun:test";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import { parseRule } from "../../../src/core/revocation/parse-rule.ts";
import { SeenTokens } from "../../../src/core/revocation/seen-tokens.ts";
import { DIGEST_MEMBER, tokenDigest } from "../../../src/core/revocation/token-digest.ts";
import type { RuleScope } from "../../../src/core/revocation/store.ts";
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

const PACE = {
  monotonicMs: () => 0,
  pause: async () => undefined,
  left: new AbortController().signal,
} as const;

const match = (
  sample: SeenTokens,
  rule: string,
  scope: RuleScope = GLOBAL,
  withoutEncrypted = false,
) => sample.match({ scope, condition: parseRule(rule).condition, withoutEncrypted }, PACE);

const matched = async (sample: SeenTokens, rule: string) => (await match(sample, rule)).matched;

describe("SeenTokens", () => {
  test("counts each token once, however often it is seen", async () => {
    const { sample } = createSample();
    for (let index = 0; index < 5; index += 1) sample.note(token('{"sub":"bob"}'));
    expect(await match(sample, '{"sub":"bob"}')).toMatchObject({
      of: 1,
      matched: 1,
    });
  });

  test("asks only tokens of the rule's subject and issuer", async () => {
    const { sample } = createSample();
    sample.note(token('{"sub":"bob","iss":"a"}', ["bob"], "a"));
    sample.note(token('{"sub":"bob","iss":"b"}', ["bob"], "b"));
    sample.note(token('{"sub":"carol"}', ["carol"]));
    const count = async (subject: string, issuer?: string) =>
      (await match(sample, '{"sub":{"exists":true}}', { kind: "subject", subject, issuer }))
        .matched;
    expect(await count("bob")).toBe(2);
    expect(await count("bob", "a")).toBe(1);
    expect(await count("carol")).toBe(1);
    expect(await count("dave")).toBe(0);
  });

  test("forgets what was not seen for an hour", async () => {
    const { clock, sample } = createSample();
    sample.note(token('{"sub":"bob"}'));
    clock.now += 3601;
    sample.note(token('{"sub":"carol"}', ["carol"]));
    expect(await match(sample, '{"sub":{"exists":true}}')).toMatchObject({
      of: 1,
      since: clock.now,
    });
  });

  test("keeps no more than its limit, and looks at no more than so many a second", async () => {
    const { clock, sample } = createSample(300);
    for (let index = 0; index < 1000; index += 1) sample.note(token(`{"jti":"${index}"}`));
    expect((await match(sample, '{"jti":{"exists":true}}')).of).toBe(200);
    clock.now += 1;
    for (let index = 1000; index < 2000; index += 1) sample.note(token(`{"jti":"${index}"}`));
    expect((await match(sample, '{"jti":{"exists":true}}')).of).toBe(300);
  });

  test("keeps only claims that rules name, and of those only small ones", async () => {
    const { sample } = createSample();
    const rule = '{"note":{"exists":true},"deep":{"exists":true}}';
    expect((await match(sample, rule)).unknownClaims).toEqual(["note", "deep"]);
    sample.note(token('{"note":"short","deep":{"a":1},"secret":"x"}'));
    sample.note(token(`{"note":"${"x".repeat(600)}","deep":{"a":"${"y".repeat(600)}"}}`));
    expect(await matched(sample, rule)).toBe(1);
    expect(JSON.stringify(sample)).not.toContain("secret");
    expect(await matched(sample, '{"secret":"x"}')).toBe(0);
  });

  test("knows nested claims by their path, literal names first", async () => {
    const { sample } = createSample();
    sample.watch(["realm", "a.b"]);
    sample.note(token('{"realm":{"role":"x"},"a.b":1}'));
    expect(await matched(sample, '{"realm.role":"x"}')).toBe(1);
    expect(await matched(sample, '{"realm":{"role":{"eq":"x"}}}')).toBe(1);
    expect(await matched(sample, '{"a.b":1}')).toBe(1);
  });

  test("watches a bounded number of claims", async () => {
    const { sample } = createSample();
    sample.watch(Array.from({ length: 500 }, (_, index) => `c${index}`));
    sample.note(token('{"c1":1,"c499":1}'));
    expect(await matched(sample, '{"c1":1}')).toBe(1);
    expect(await matched(sample, '{"c499":1}')).toBe(0);
  });

  test("knows a token by its digest, and never by a claim of that name", async () => {
    const { sample } = createSample();
    const text = `{"sub":"bob","${DIGEST_MEMBER}":"${"0".repeat(64)}"}`;
    sample.note(token(text));
    expect(await matched(sample, `{"${DIGEST_MEMBER}":"${tokenDigest(text)}"}`)).toBe(1);
    expect(await matched(sample, `{"${DIGEST_MEMBER}":"${"0".repeat(64)}"}`)).toBe(0);
  });

  test("names at most twenty subjects, and says how many there are", async () => {
    const { sample } = createSample();
    for (let index = 0; index < 50; index += 1) {
      sample.note(token(`{"sub":"s${index}"}`, [`s${index}`]));
    }
    const seen = await match(sample, '{"sub":{"sw":"s"}}');
    expect([seen.subjects.length, seen.subjectCount]).toEqual([20, 50]);
  });

  test("leaves encrypted tokens out for whoever may not know what they say", async () => {
    const { sample } = createSample();
    sample.note(token('{"sub":"bob"}'));
    sample.note({ ...token('{"sub":"carol"}', ["carol"]), jweHeaderText: '{"alg":"dir"}' });
    const rule = '{"sub":{"exists":true}}';
    expect(await match(sample, rule, GLOBAL, true)).toMatchObject({
      of: 1,
      matched: 1,
      leftOut: 1,
      subjects: ["bob"],
    });
    expect(await match(sample, rule)).toMatchObject({ of: 2, matched: 2, leftOut: 0 });
  });
});
