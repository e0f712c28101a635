/** Lists of rules on SQLite: in pages, narrowed, each rule once. */
import { describe, expect, test } from "bun:test";
import { openStore } from "../../src/sqlite/open-store.ts";
import { refusalOf } from "./refusal.ts";
import { ACTOR, nowMs, ruleOf, useFolder } from "./store-fixture.ts";

const RULE = '{"iat":{"lte":10}}';

describe("a list of rules", () => {
  const folder = useFolder();

  test("comes in pages, newest first, each rule once, whatever is added meanwhile", async () => {
    const store = await openStore(folder(), { nowMs });
    for (let n = 1; n <= 25; n++) await store.rules.addRule(ruleOf(`u${n}`, RULE), ACTOR);
    const ids: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.rules.listRules({ limit: 10, cursor });
      ids.push(...page.items.map(({ id }) => id));
      ({ cursor } = page);
      await store.rules.addRule(ruleOf("new", RULE), ACTOR);
    } while (cursor !== undefined);
    expect(ids).toEqual(Array.from({ length: 25 }, (_, n) => 25 - n));
    await store.close();
  });

  test("is narrowed by scope, subject, state and text", async () => {
    const store = await openStore(folder(), { nowMs });
    await store.rules.addRule(ruleOf("bob", RULE, { reason: "Lost LAPTOP" }), ACTOR);
    await store.rules.addRule(ruleOf(undefined, '{"jti":"needle"}'), ACTOR);
    const lifted = await store.rules.addRule(ruleOf("eve", RULE), ACTOR);
    await store.rules.liftRule(lifted.id, "x", ACTOR);
    const list = async (query: object): Promise<readonly number[]> =>
      (await store.rules.listRules({ limit: 10, ...query })).items.map(({ id }) => id);
    expect(await list({ scope: "global" })).toEqual([2]);
    expect(await list({ scope: "subject" })).toEqual([3, 1]);
    expect(await list({ subject: "bob" })).toEqual([1]);
    expect(await list({ subject: "BOB" })).toEqual([]);
    expect(await list({ state: "lifted" })).toEqual([3]);
    expect(await list({ state: "active" })).toEqual([2, 1]);
    expect(await list({ state: "expired" })).toEqual([]);
    expect(await list({ q: "laptop" })).toEqual([1]);
    expect(await list({ q: "NEEDLE" })).toEqual([2]);
    expect(await list({ q: "ev" })).toEqual([3]);
    await store.close();
  });

  test("refuses a cursor that is not one of its own", async () => {
    const store = await openStore(folder(), { nowMs });
    await store.rules.addRule(ruleOf("a", RULE), ACTOR);
    await store.rules.addRule(ruleOf("b", RULE), ACTOR);
    const audit = await store.rules.listAudit({ limit: 1 });
    const bad = ["", "x", "cnVsZXM6", Buffer.from("rules:-1").toString("base64url"), audit.cursor];
    for (const cursor of bad) {
      const refusal = await refusalOf(store.rules.listRules({ limit: 1, cursor: cursor ?? "x" }));
      expect([refusal.code, refusal.path]).toEqual(["invalid", "/cursor"]);
    }
    for (const limit of [0, -1, 1.5, 1001]) {
      expect((await refusalOf(store.rules.listRules({ limit }))).path).toBe("/limit");
    }
    await store.close();
  });
});
