/** Tidying: what has served goes, in time; what is in force never does. */
import { describe, expect, test } from "bun:test";
import { openStore } from "../../src/sqlite/open-store.ts";
import { ACTOR, claims, NOW, ruleOf, useFolder } from "./store-fixture.ts";

const DAY = 86_400;

describe("tidying", () => {
  const folder = useFolder();

  test("takes ended rules out of force for good, and counts them", async () => {
    const path = folder();
    let now = NOW;
    const nowMs = (): number => now * 1000;
    const store = await openStore(path, { nowMs });
    await store.rules.addRule(ruleOf("bob", '{"jti":"a"}', { expireAt: NOW + 5 }), ACTOR);
    await store.rules.addRule(ruleOf(undefined, '{"jti":"b"}', { expireAt: NOW + 5 }), ACTOR);
    await store.rules.addRule(ruleOf("bob", '{"jti":"c"}'), ACTOR);
    await store.tidy();
    expect(await store.rules.counts()).toMatchObject({ active: 3, expired: 0 });
    now = NOW + 5;
    expect(await store.rules.counts()).toMatchObject({ active: 1, expired: 2 });
    await store.tidy();
    expect(await store.rules.counts()).toMatchObject({ active: 1, expired: 2 });
    expect(store.index.counts()).toMatchObject({ globalRules: 0, subjectRules: 1 });
    expect((await store.rules.getRule(1))?.state).toBe("expired");
    const ask = (text: string) => store.index.findMatch(claims(text), ["bob"], undefined, now);
    expect([ask('{"jti":"a"}'), ask('{"jti":"b"}')]).toEqual([undefined, undefined]);
    expect(ask('{"jti":"c"}')?.ruleId).toBe(3);
    await store.close();
  });

  test("takes nothing out of force by a clock that was set forward: it may be set back", async () => {
    let now = NOW;
    const store = await openStore(folder(), { nowMs: () => now * 1000 });
    await store.rules.addRule(ruleOf("bob", '{"jti":"a"}', { expireAt: NOW + 5 }), ACTOR);
    const isRevoked = (): boolean =>
      store.index.findMatch(claims('{"jti":"a"}'), ["bob"], undefined, now) !== undefined;
    now = NOW + 3650 * DAY;
    expect(isRevoked()).toBe(false);
    await store.tidy((NOW + 1) * 1000);
    now = NOW + 2;
    expect(isRevoked()).toBe(true);
    // The control: with that clock for the truth it would have gone.
    await store.tidy((NOW + 3650 * DAY) * 1000);
    expect(isRevoked()).toBe(false);
    await store.close();
  });

  test("forgets lifted and ended rules after more than a year; their audit stays", async () => {
    const path = folder();
    let now = NOW;
    const nowMs = (): number => now * 1000;
    const store = await openStore(path, { nowMs });
    const { id } = await store.rules.addRule(ruleOf("bob", '{"jti":"a"}'), ACTOR);
    await store.rules.addRule(ruleOf("bob", '{"jti":"b"}', { expireAt: NOW + DAY }), ACTOR);
    await store.rules.addRule(ruleOf("bob", '{"jti":"c"}'), ACTOR);
    await store.rules.liftRule(id, "x", ACTOR);
    now = NOW + 399 * DAY;
    await store.tidy();
    expect(await store.rules.counts()).toMatchObject({ active: 1, expired: 1, lifted: 1 });
    now = NOW + 402 * DAY;
    await store.tidy();
    expect(await store.rules.counts()).toMatchObject({ active: 1, expired: 0, lifted: 0 });
    expect((await store.rules.listAudit({ limit: 10 })).items).toHaveLength(4);
    await store.close();
  });

  test("promotes what waited behind a stronger rule that has ended", async () => {
    const path = folder();
    let now = NOW;
    const store = await openStore(path, { nowMs: () => now * 1000 });
    const long = { expireAt: NOW + 100 };
    await store.rules.addRule(ruleOf("bob", '{"iat":{"lte":10}}', long), ACTOR);
    const strong = await store.rules.addRule(ruleOf("bob", '{"iat":{"lte":20}}', long), ACTOR);
    const isRevoked = (): boolean =>
      store.index.findMatch(claims('{"iat":5}'), ["bob"], undefined, now) !== undefined;
    await store.rules.liftRule(strong.id, "x", ACTOR);
    expect(isRevoked()).toBe(true);
    now = NOW + 100;
    expect(isRevoked()).toBe(false);
    await store.close();
  });
});
