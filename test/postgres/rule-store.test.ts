/** The rule store on PostgreSQL: what is written is journalled, audited and listed; what is refused changes nothing. */
import { describe, expect, test } from "bun:test";
import type { Once, RuleQuery } from "../../src/core/revocation/store.ts";
import { createNodes } from "../../src/postgres/nodes.ts";
import { describeImportedRules } from "../contract/imported-rules.ts";
import { codeOf, refusalOf } from "../sqlite/refusal.ts";
import { ACTOR, NOW, ruleOf } from "../sqlite/store-fixture.ts";
import { usePostgres } from "./fixture.ts";

const RULE = '{"iat":{"lte":10}}';
const { open, openAgain, server } = usePostgres();

describeImportedRules("on PostgreSQL", () => open());

describe("a rule on PostgreSQL", () => {
  test("is kept with its history, its journal entries and its audit", async () => {
    const { rules } = await open();
    const added = await rules.addRule(ruleOf("bob", RULE), ACTOR);
    expect(added).toEqual({ id: 1, seq: 1, epoch: expect.any(String), replayed: false });
    const lifted = await rules.liftRule(1, "a mistake", ACTOR);
    expect(lifted).toEqual({ ...added, seq: 2 });
    expect(await rules.getRule(1)).toEqual({
      id: 1,
      scope: { kind: "subject", subject: "bob", issuer: undefined },
      text: RULE,
      expireAt: 0,
      reason: "a test",
      state: "lifted",
      addedAt: NOW,
      addedBy: ACTOR,
      lifted: { at: NOW, by: ACTOR, reason: "a mistake" },
      seq: 2,
    });
    expect(await rules.noteKeysChanged("a key went away")).toBe(3);
    expect(await rules.changesSince(0, 10)).toMatchObject([
      { seq: 1, kind: "rule_added", scope: "subject", subject: "bob", ruleId: 1 },
      { seq: 2, kind: "rule_lifted", scope: "subject", subject: "bob", ruleId: 1 },
      { seq: 3, kind: "keys_changed", scope: "all" },
    ]);
    expect(await rules.changesSince(3, 10)).toEqual([]);
    expect(await rules.changesSince(4, 10)).toBe(undefined);
    const { items } = await rules.listAudit({ limit: 10 });
    expect(items.map(({ action, target }) => [action, target])).toEqual([
      ["keys.change", "keys"],
      ["rule.lift", "1"],
      ["rule.add", "1"],
    ]);
  });

  test("is numbered in the order of commits, whoever writes and however many", async () => {
    const first = await open();
    const stores = [first, await openAgain(), await openAgain()];
    const written = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const { rules } = stores[n % stores.length] ?? first;
        return rules.addRule(ruleOf(`user-${n}`, RULE), ACTOR);
      }),
    );
    const seqs = written.map(({ seq }) => seq).toSorted((a, b) => a - b);
    expect(seqs).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
    // A rule's id and its number grow together: who reads by either misses none.
    const byId = written.toSorted((a, b) => a.id - b.id).map(({ seq }) => seq);
    expect(byId).toEqual(seqs);
    const changes = await first.rules.changesSince(0, 100);
    expect(changes?.map(({ seq }) => seq)).toEqual(seqs);
  });

  test("is written once for one idempotency key, on whichever node", async () => {
    const [one, other] = [await open(), await openAgain()];
    const once: Once = { key: "k", who: "ann", requestHash: "h" };
    const first = await one.rules.addRule(ruleOf("bob", RULE), ACTOR, once);
    const again = await other.rules.addRule(ruleOf("bob", RULE), ACTOR, once);
    expect(again).toEqual({ ...first, replayed: true });
    const clash = other.rules.addRule(ruleOf("eve", RULE), ACTOR, { ...once, requestHash: "x" });
    expect(await codeOf(clash)).toBe("conflict");
    expect(await one.rules.seq()).toBe(1);
  });

  test("says which history its number is of, also where one before has brought it", async () => {
    const { rules, database } = await open();
    const present = async () => (await createNodes(database, true).roll()).epoch;
    const once: Once = { key: "k", who: "ann", requestHash: "h" };
    const add = () => rules.addRule(ruleOf("bob", RULE), ACTOR, once);
    const former = await present();
    const first = await add();
    expect(first.epoch).toBe(former);
    await server().sql("UPDATE haproxy_jwt.store SET id = gen_random_uuid()");
    const epoch = await present();
    expect(epoch).not.toBe(former);
    expect(await add()).toEqual({ ...first, epoch, replayed: true });
    expect(await rules.liftRule(first.id, "a mistake", ACTOR)).toMatchObject({ epoch });
    const imported = await rules.beginImport(ACTOR, "a file");
    await imported.stage([{ line: 1, rule: ruleOf("eve", RULE) }]);
    expect(await imported.commit()).toEqual({ added: 1, seq: 3, epoch });
  });

  test.each([
    ["without a reason", { reason: " " }, "/reason"],
    ["that is over already", { expireAt: NOW }, "/expireAt"],
    [
      "of a subject with a NUL",
      { scope: { kind: "subject", subject: "a\0b", issuer: undefined } },
      "/subject",
    ],
  ] as const)("%s is refused and changes nothing", async (_, more, path) => {
    const { rules } = await open();
    expect((await refusalOf(rules.addRule(ruleOf("bob", RULE, more), ACTOR))).path).toBe(path);
    expect(await rules.seq()).toBe(0);
    expect(await rules.counts()).toEqual({ active: 0, expired: 0, lifted: 0, unreadable: 0 });
    expect((await rules.listAudit({ limit: 1 })).items).toEqual([]);
  });

  test("is not there when its audit cannot be written", async () => {
    const { rules } = await open();
    await server().sql("ALTER TABLE haproxy_jwt.audit ADD CHECK (action <> 'rule.add')");
    expect(await codeOf(rules.addRule(ruleOf("bob", RULE), ACTOR))).toBe("unavailable");
    expect([await rules.seq(), (await rules.counts()).active]).toEqual([0, 0]);
  });

  test("may not be edited behind the store's back", async () => {
    const { rules } = await open();
    await rules.addRule(ruleOf("bob", RULE), ACTOR);
    const edits = [
      "UPDATE haproxy_jwt.rule SET text = '{}'",
      "UPDATE haproxy_jwt.audit SET who = 'x'",
    ];
    for (const edit of edits) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect(await server().sql(edit).catch(String)).toContain("is never edited");
    }
  });
});

describe("the list of rules on PostgreSQL", () => {
  test("pages without gaps or doubles while rules are added", async () => {
    const { rules } = await open();
    for (let n = 0; n < 12; n++) await rules.addRule(ruleOf(`u${n}`, RULE), ACTOR);
    const ids: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await rules.listRules({ limit: 5, cursor });
      ids.push(...page.items.map(({ id }) => id));
      ({ cursor } = page);
      await rules.addRule(ruleOf("new", RULE), ACTOR);
    } while (cursor !== undefined);
    expect(ids).toEqual(Array.from({ length: 12 }, (_, n) => 12 - n));
    const oldest = await rules.listRules({ limit: 2, order: "asc" });
    expect(oldest.items.map(({ id }) => id)).toEqual([1, 2]);
  });

  test("is narrowed by scope, subject, state, way in and text", async () => {
    const { rules } = await open();
    await rules.addRule(ruleOf("bob", RULE, { reason: "Lost LAPTOP" }), ACTOR);
    await rules.addRule(ruleOf(undefined, '{"jti":"needle"}'), { ...ACTOR, via: "page" });
    const lifted = await rules.addRule(ruleOf("eve", RULE), ACTOR);
    await rules.liftRule(lifted.id, "x", ACTOR);
    const list = async (query: Partial<RuleQuery>): Promise<readonly number[]> =>
      (await rules.listRules({ limit: 10, ...query })).items.map(({ id }) => id);
    expect(await list({ scope: "global" })).toEqual([2]);
    expect(await list({ scope: "subject" })).toEqual([3, 1]);
    expect(await list({ subject: "bob" })).toEqual([1]);
    expect(await list({ subject: "BOB" })).toEqual([]);
    expect(await list({ state: "lifted" })).toEqual([3]);
    expect(await list({ state: "active" })).toEqual([2, 1]);
    expect(await list({ state: "expired" })).toEqual([]);
    expect(await list({ state: "unreadable" })).toEqual([]);
    expect(await list({ via: "page" })).toEqual([2]);
    expect(await list({ q: "laptop" })).toEqual([1]);
    expect(await list({ q: "NEEDLE" })).toEqual([2]);
    expect(await list({ q: "ev", scope: "subject" })).toEqual([3]);
  });

  test("refuses a cursor that is not one of its own", async () => {
    const { rules } = await open();
    const audit = Buffer.from("audit:1").toString("base64url");
    for (const cursor of ["", "x", audit]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const refusal = await refusalOf(rules.listRules({ limit: 1, cursor }));
      expect([refusal.code, refusal.path]).toEqual(["invalid", "/cursor"]);
    }
  });
});

describe("an import on PostgreSQL", () => {
  const LINES = [
    { line: 1, rule: ruleOf("bob", RULE) },
    { line: 2, rule: ruleOf(undefined, '{"jti":"a"}') },
  ];

  test("is in force all at once when it is committed, and not before", async () => {
    const { rules } = await open();
    const staged = await rules.beginImport(ACTOR, "a file");
    await staged.stage(LINES);
    expect((await rules.listRules({ limit: 10 })).items).toEqual([]);
    expect(await rules.getRule(1)).toBe(undefined);
    expect(await codeOf(rules.liftRule(1, "x", ACTOR))).toBe("not_found");
    expect(await rules.counts()).toMatchObject({ active: 0 });
    expect(await staged.commit()).toMatchObject({ added: 2, seq: 1 });
    expect(await rules.counts()).toMatchObject({ active: 2 });
    expect(await rules.changesSince(0, 10)).toMatchObject([
      { kind: "rules_imported", scope: "all" },
    ]);
    const texts: string[] = [];
    for await (const rule of rules.activeRules()) texts.push(rule.text);
    expect(texts).toEqual([RULE, '{"jti":"a"}']);
    expect(await codeOf(staged.commit())).toBe("conflict");
  });

  test("leaves nothing behind when it is given up, by itself or by a tidy", async () => {
    const store = await open();
    const { rules } = store;
    const given = await rules.beginImport(ACTOR, "a file");
    await given.stage(LINES);
    await given.abort();
    const forgotten = await rules.beginImport(ACTOR, "a file");
    await forgotten.stage(LINES);
    await store.tidy(NOW * 1000);
    expect(await server().sql("SELECT count(*) FROM haproxy_jwt.rule")).toBe("2\n");
    await server().sql(
      "UPDATE haproxy_jwt.rule_import SET touched_at = now() - interval '2 hours'",
    );
    await store.tidy(NOW * 1000);
    expect(await server().sql("SELECT count(*) FROM haproxy_jwt.rule")).toBe("0\n");
    expect(await codeOf(forgotten.stage(LINES))).toBe("conflict");
    expect(await rules.seq()).toBe(0);
  });
});

describe("tidying PostgreSQL", () => {
  test("marks ended rules and forgets old history, but by no clock that is ahead", async () => {
    let now = NOW;
    const store = await open({ nowMs: () => now * 1000 });
    await store.rules.addRule(ruleOf("bob", RULE, { expireAt: NOW + 5 }), ACTOR);
    await store.rules.addRule(ruleOf("eve", RULE), ACTOR);
    now = NOW + 10;
    expect(await store.rules.counts()).toMatchObject({ active: 1, expired: 1 });
    // By the database's own clock it is not over yet.
    await store.tidy(now * 1000);
    expect(await server().sql("SELECT state FROM haproxy_jwt.rule ORDER BY id")).toBe("0\n0\n");
    const past = Math.floor(Date.now() / 1000) - 1000;
    now = past;
    await store.rules.addRule(ruleOf("joe", RULE, { expireAt: past + 5 }), ACTOR);
    await store.tidy((past + 10) * 1000);
    expect(await server().sql("SELECT state FROM haproxy_jwt.rule ORDER BY id")).toBe("0\n0\n2\n");
    expect(await codeOf(store.rules.liftRule(3, "x", ACTOR))).toBe("conflict");
    expect(await store.rules.counts()).toMatchObject({ active: 2, expired: 1 });
  });
});
