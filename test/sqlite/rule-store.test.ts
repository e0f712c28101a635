/** The rule store: what is written is in force, audited and listed; what is refused changes nothing. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Change, Once } from "../../src/core/revocation/store.ts";
import { openStore, type Store } from "../../src/sqlite/open-store.ts";
import { codeOf, refusalOf } from "./refusal.ts";
import { ACTOR, claims, NOW, nowMs, ruleOf, tamper, useFolder } from "./store-fixture.ts";

const RULE = '{"iat":{"lte":10}}';

function isRevoked(store: Store, subject: string, at = NOW): boolean {
  return store.index.findMatch(claims('{"iat":5}'), [subject], undefined, at) !== undefined;
}

function count(path: string, table: string): number {
  const db = new Database(join(path, "haproxy-jwt.db"), { readonly: true });
  const row = db.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${table}`).get();
  db.close();
  return row?.n ?? 0;
}

describe("a rule", () => {
  const folder = useFolder();

  test("is in force when its writing is acknowledged, until it is lifted", async () => {
    const store = await openStore(folder(), { nowMs });
    const added = await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    expect(added).toEqual({ id: 1, seq: 1, replayed: false });
    expect(store.index.seq).toBe(1);
    expect([isRevoked(store, "bob"), isRevoked(store, "eve")]).toEqual([true, false]);
    const lifted = await store.rules.liftRule(added.id, "a mistake", ACTOR);
    expect(lifted.seq).toBe(2);
    expect(isRevoked(store, "bob")).toBe(false);
    const stored = await store.rules.getRule(added.id);
    expect(stored).toMatchObject({
      state: "lifted",
      addedAt: NOW,
      addedBy: ACTOR,
      lifted: { at: NOW, by: ACTOR, reason: "a mistake" },
      seq: 2,
    });
    await store.close();
  });

  test("is in force after a restart", async () => {
    const path = folder();
    const first = await openStore(path, { nowMs });
    await first.rules.addRule(ruleOf("bob", RULE), ACTOR);
    await first.rules.addRule(ruleOf(undefined, '{"jti":"a"}'), ACTOR);
    const { epoch } = first.index;
    await first.close();
    const second = await openStore(path, { nowMs });
    expect([second.index.epoch, second.index.seq]).toEqual([epoch, 2]);
    expect(isRevoked(second, "bob")).toBe(true);
    expect(second.index.findMatch(claims('{"jti":"a"}'), [], undefined, NOW)).toEqual({
      ruleId: 2,
      scope: "global",
    });
    await second.close();
  });

  test("ends by itself at its second, before anything is swept", async () => {
    const store = await openStore(folder(), { nowMs });
    await store.rules.addRule(ruleOf("bob", RULE, { expireAt: NOW + 5 }), ACTOR);
    expect(isRevoked(store, "bob", NOW + 4.9)).toBe(true);
    expect(isRevoked(store, "bob", NOW + 5)).toBe(false);
    await store.close();
  });

  test("of a subject called g is that subject's", async () => {
    const store = await openStore(folder(), { nowMs });
    await store.rules.addRule(ruleOf("g", RULE), ACTOR);
    expect([isRevoked(store, "g"), isRevoked(store, "bob")]).toEqual([true, false]);
    await store.close();
  });

  test("that names a token by its digest is found by it", async () => {
    const store = await openStore(folder(), { nowMs });
    await store.rules.addRule(ruleOf("bob", '{"#sha256":"ab"}'), ACTOR);
    const ask = (digest?: () => string) =>
      store.index.findMatch(claims('{"#sha256":"ab"}'), ["bob"], undefined, NOW, digest);
    expect(ask(() => "ab")).toBeDefined();
    // A claim of the member's name is not the digest.
    expect(ask(() => "cd")).toBe(undefined);
    expect(ask()).toBe(undefined);
    await store.close();
  });

  test("is told to listeners after it is in force, in order", async () => {
    const store = await openStore(folder(), { nowMs });
    const told: Change[] = [];
    const stop = store.rules.onChange((changes) => {
      expect(isRevoked(store, "bob")).toBe(true);
      told.push(...changes);
    });
    await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    await store.rules.addRule(ruleOf(undefined, '{"jti":"a"}'), ACTOR);
    await store.rules.noteKeysChanged("a key went away");
    stop();
    await store.rules.addRule(ruleOf("eve", RULE), ACTOR);
    expect(told.map(({ seq, kind, scope, subject }) => [seq, kind, scope, subject])).toEqual([
      [1, "rule_added", "subject", "bob"],
      [2, "rule_added", "global", undefined],
      [3, "keys_changed", "all", undefined],
    ]);
    expect(await store.rules.changesSince(0, 10)).toHaveLength(4);
    expect(await store.rules.changesSince(4, 10)).toEqual([]);
    expect(await store.rules.changesSince(5, 10)).toBe(undefined);
    await store.close();
  });

  const refused: readonly (readonly [name: string, more: object, path: string])[] = [
    ["without a reason", { reason: " " }, "/reason"],
    ["with a reason of two lines", { reason: "a\nb" }, "/reason"],
    ["with a reason too long", { reason: "x".repeat(1001) }, "/reason"],
    ["that ends now", { expireAt: NOW }, "/expireAt"],
    ["that ends in a fraction", { expireAt: NOW + 0.5 }, "/expireAt"],
    ["for a subject without a name", { scope: { kind: "subject", subject: "" } }, "/subject"],
    [
      "for a subject with half a character",
      { scope: { kind: "subject", subject: "\ud800" } },
      "/subject",
    ],
    [
      "for an issuer without a name",
      { scope: { kind: "subject", subject: "b", issuer: "" } },
      "/issuer",
    ],
  ];
  test("is refused with its place, and nothing is written", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    for (const [name, more, where] of refused) {
      const refusal = await refusalOf(store.rules.addRule(ruleOf("bob", RULE, more), ACTOR));
      expect([name, refusal.code, refusal.path]).toEqual([name, "invalid", where]);
    }
    await store.close();
    expect([count(path, "rule"), count(path, "audit"), count(path, "journal")]).toEqual([0, 0, 0]);
  });

  test("that is not there, is lifted or has ended cannot be lifted", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    expect(await codeOf(store.rules.liftRule(1, "x", ACTOR))).toBe("not_found");
    const { id } = await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    expect(await codeOf(store.rules.liftRule(id, "", ACTOR))).toBe("invalid");
    await store.rules.liftRule(id, "x", ACTOR);
    expect(await codeOf(store.rules.liftRule(id, "x", ACTOR))).toBe("conflict");
    const short = await store.rules.addRule(ruleOf("bob", RULE, { expireAt: NOW + 1 }), ACTOR);
    await store.close();
    const later = await openStore(path, { nowMs: () => (NOW + 2) * 1000 });
    await later.tidy();
    expect(await codeOf(later.rules.liftRule(short.id, "x", ACTOR))).toBe("conflict");
    await later.close();
  });
});

describe("a change with an idempotency key", () => {
  const folder = useFolder();
  const once: Once = { key: "k", who: "ci", requestHash: "a" };

  test("is done once, also after a restart, and answered the same", async () => {
    const path = folder();
    const first = await openStore(path, { nowMs });
    const done = await first.rules.addRule(ruleOf("bob", RULE), ACTOR, once);
    await first.close();
    const second = await openStore(path, { nowMs });
    const again = await second.rules.addRule(ruleOf("bob", RULE), ACTOR, once);
    expect(again).toEqual({ ...done, replayed: true });
    expect(await second.rules.counts()).toMatchObject({ active: 1 });
    await second.close();
  });

  test("is refused when the key was used for something else, but is another's own", async () => {
    const store = await openStore(folder(), { nowMs });
    await store.rules.addRule(ruleOf("bob", RULE), ACTOR, once);
    const other = { ...once, requestHash: "b" };
    expect(await codeOf(store.rules.addRule(ruleOf("eve", RULE), ACTOR, other))).toBe("conflict");
    const theirs = { ...other, who: "cd" };
    expect(await store.rules.addRule(ruleOf("eve", RULE), ACTOR, theirs)).toMatchObject({ id: 2 });
    await store.close();
  });
});

describe("the audit", () => {
  const folder = useFolder();

  test("has who, when, from where, what and why of every change", async () => {
    const store = await openStore(folder(), { nowMs });
    const { id } = await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    await store.rules.liftRule(id, "a mistake", { who: "ann", via: "page", from: "10.0.0.1" });
    const { items } = await store.rules.listAudit({ limit: 10 });
    expect(items).toMatchObject([
      {
        action: "rule.lift",
        target: "1",
        reason: "a mistake",
        actor: { who: "ann", via: "page", from: "10.0.0.1" },
        atMs: NOW * 1000,
        outcome: "done",
      },
      { action: "rule.add", target: "1", reason: "a test", actor: ACTOR },
    ]);
    expect(items[1]?.detail).toContain("lte");
    expect((await store.rules.listAudit({ limit: 10, who: "ann" })).items).toHaveLength(1);
    expect((await store.rules.listAudit({ limit: 10, action: "rule.add" })).items).toHaveLength(1);
    expect((await store.rules.listAudit({ limit: 10, target: "2" })).items).toHaveLength(0);
    await store.close();
  });

  test("that cannot be written keeps every change from being made (P6)", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    const { id } = await store.rules.addRule(ruleOf("eve", RULE), ACTOR);
    tamper(
      path,
      "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END",
    );
    const staged = await store.rules.beginImport(ACTOR, "a file");
    await staged.stage([{ line: 1, rule: ruleOf("joe", RULE) }]);
    const person = { name: "ann", role: "admin", passwordHash: "x" } as const;
    const token = { name: "ci", role: "admin", secretHash: "x" } as const;
    const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
      ["add", () => store.rules.addRule(ruleOf("bob", RULE), ACTOR)],
      ["lift", () => store.rules.liftRule(id, "x", ACTOR)],
      ["import", () => staged.commit()],
      ["keys", () => store.rules.noteKeysChanged("x")],
      ["person", () => store.accounts.createPerson(person, ACTOR)],
      ["token", () => store.accounts.createApiToken(token, ACTOR)],
    ];
    for (const [name, change] of changes) {
      expect([name, await codeOf(change())]).toEqual([name, "unavailable"]);
    }
    expect([isRevoked(store, "bob"), isRevoked(store, "eve"), isRevoked(store, "joe")]).toEqual([
      false,
      true,
      false,
    ]);
    expect(await store.rules.seq()).toBe(1);
    expect(await store.accounts.listPeople()).toEqual([]);
    await store.close();
    expect([count(path, "journal"), count(path, "audit"), count(path, "api_token")]).toEqual([
      1, 1, 0,
    ]);
  });

  test("is never edited, and neither is a rule", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    expect(() => tamper(path, "UPDATE audit SET reason = 'x'")).toThrow("never edited");
    expect(() => tamper(path, "UPDATE rule SET text = '{}'")).toThrow("never edited");
    await store.close();
  });
});
