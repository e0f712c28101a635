/** Rules that this version cannot read: they refuse their scope, and no more. */
import { describe, expect, test } from "bun:test";
import type { Change } from "../../src/core/revocation/store.ts";
import { openStore, type Store } from "../../src/sqlite/open-store.ts";
import { ACTOR, claims, NOW, nowMs, ruleOf, tamper, useFolder } from "./store-fixture.ts";

function isRevoked(store: Store, subject: string, at = NOW): boolean {
  return store.index.findMatch(claims('{"iat":5}'), [subject], undefined, at) !== undefined;
}

describe("a rule that cannot be read", () => {
  const folder = useFolder();

  async function damage(subject: string | undefined, how: string): Promise<string> {
    const path = folder();
    const store = await openStore(path, { nowMs });
    await store.rules.addRule(ruleOf(subject, '{"jti":"a"}'), ACTOR);
    await store.rules.addRule(ruleOf("joe", '{"jti":"j"}'), ACTOR);
    await store.close();
    tamper(path, "DROP TRIGGER rule_text_stays");
    tamper(path, how);
    return path;
  }

  test("of a newer version refuses its subject, all of it and nobody else", async () => {
    const store = await openStore(await damage("bob", "UPDATE rule SET format = 2 WHERE id = 1"), {
      nowMs,
    });
    expect([isRevoked(store, "bob"), isRevoked(store, "eve"), isRevoked(store, "joe")]).toEqual([
      true,
      false,
      false,
    ]);
    expect(store.index.ready()).toEqual([]);
    expect(store.index.counts().unreadableRules).toBe(1);
    expect((await store.rules.getRule(1))?.state).toBe("unreadable");
    // Lifting it is how an operator gets the subject back.
    await store.rules.liftRule(1, "written by a newer version", ACTOR);
    expect(isRevoked(store, "bob")).toBe(false);
    await store.close();
  });

  test("because its text is damaged refuses the tokens that meet it", async () => {
    const how = 'UPDATE rule SET text = \'{"jti":{"sounds":"like"}}\' WHERE id = 1';
    const store = await openStore(await damage("bob", how), { nowMs });
    const met = store.index.findMatch(claims('{"jti":"a"}'), ["bob"], undefined, NOW);
    expect(met).toEqual({ ruleId: 1, scope: "subject" });
    // Once it is known, all of the subject is refused.
    expect([isRevoked(store, "bob"), isRevoked(store, "eve")]).toEqual([true, false]);
    await store.close();
  });

  test("is found by a scrub before any token meets it, told and audited", async () => {
    const how = "UPDATE rule SET text = '{' WHERE id = 1";
    const store = await openStore(await damage("bob", how), { nowMs });
    const told: Change[] = [];
    store.rules.onChange((changes) => told.push(...changes));
    expect(isRevoked(store, "bob")).toBe(false);
    expect(await store.scrub()).toEqual({ read: 2, damaged: [1], refiled: [] });
    expect([isRevoked(store, "bob"), isRevoked(store, "joe")]).toEqual([true, false]);
    expect(told).toMatchObject([{ scope: "subject", subject: "bob" }]);
    expect((await store.rules.listAudit({ limit: 1 })).items[0]?.action).toBe("rule.damaged");
    expect(await store.scrub()).toMatchObject({ damaged: [] });
    await store.close();
  });

  test("because its keys are damaged is filed anew by a scrub", async () => {
    const path = await damage("bob", "DELETE FROM rule_key WHERE rule_id = 1");
    const store = await openStore(path, { nowMs });
    const ask = () => store.index.findMatch(claims('{"jti":"a"}'), ["bob"], undefined, NOW);
    expect(ask()).toBe(undefined);
    expect(await store.scrub()).toMatchObject({ damaged: [], refiled: [1] });
    expect(ask()?.ruleId).toBe(1);
    await store.close();
  });

  test("keeps the server from being ready when it is global, and judges the others", async () => {
    const how = "UPDATE rule SET text = 'garbage' WHERE id = 1";
    const store = await openStore(await damage(undefined, how), { nowMs });
    expect(store.index.ready()).toEqual(["global rule 1 cannot be read by this version"]);
    expect([isRevoked(store, "bob"), isRevoked(store, "eve")]).toEqual([false, false]);
    await store.rules.liftRule(1, "garbage", ACTOR);
    expect(store.index.ready()).toEqual([]);
    await store.close();
  });
});
