/** Imports: nothing before the commit, everything after it, nothing after giving up. */
import { describe, expect, test } from "bun:test";
import type { ImportLine } from "../../src/core/revocation/store.ts";
import { openReader } from "../../src/sqlite/open-reader.ts";
import { openStore, type Store } from "../../src/sqlite/open-store.ts";
import { describeImportedRules } from "../contract/imported-rules.ts";
import { codeOf } from "./refusal.ts";
import { ACTOR, claims, NOW, nowMs, ruleOf, useFolder } from "./store-fixture.ts";

const LINES: readonly ImportLine[] = [
  { line: 1, rule: ruleOf("bob", '{"iat":{"lte":10}}') },
  { line: 2, rule: ruleOf("bob", '{"jti":"a"}') },
  { line: 3, rule: ruleOf(undefined, '{"sub":"eve"}') },
];

/** Which of three tokens are revoked: by threshold, by key, by a global rule. */
function verdicts(store: Pick<Store, "index">): readonly boolean[] {
  const ask = (text: string, subject: string): boolean =>
    store.index.findMatch(claims(text), [subject], undefined, NOW) !== undefined;
  return [ask('{"iat":5}', "bob"), ask('{"iat":50,"jti":"a"}', "bob"), ask('{"sub":"eve"}', "eve")];
}

const folder = useFolder();

describeImportedRules("on SQLite", () => openStore(folder(), { nowMs }));

describe("an import", () => {
  test("is in force all at once when it is committed, and not before", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    const staged = await store.rules.beginImport(ACTOR, "a file");
    for (const line of LINES) {
      await staged.stage([line]);
      expect(verdicts(store)).toEqual([false, false, false]);
    }
    expect(await store.rules.counts()).toMatchObject({ active: 0 });
    expect((await store.rules.listRules({ limit: 10 })).items).toEqual([]);
    expect(await store.rules.getRule(1)).toBe(undefined);
    expect(await codeOf(store.rules.liftRule(1, "x", ACTOR))).toBe("not_found");
    expect(await staged.commit()).toEqual({ added: 3, seq: 1 });
    expect(verdicts(store)).toEqual([true, true, true]);
    expect(await store.rules.counts()).toMatchObject({ active: 3 });
    expect(await store.rules.changesSince(0, 10)).toMatchObject([
      { kind: "rules_imported", scope: "all" },
    ]);
    expect((await store.rules.listAudit({ limit: 1 })).items[0]).toMatchObject({
      action: "rule.import",
      reason: "3 rules from a file",
    });
    await store.close();
    const again = await openStore(path, { nowMs });
    expect(verdicts(again)).toEqual([true, true, true]);
    const exported: string[] = [];
    for await (const rule of again.rules.activeRules()) exported.push(rule.text);
    expect(exported).toEqual(LINES.map(({ rule }) => rule.rule.text));
    await again.close();
  });

  test("is in force for another thread's reading neither before nor when given up", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    // Else a thread has no subject's rules to look for.
    await store.rules.addRule(ruleOf("carol", '{"jti":"b"}'), ACTOR);
    const thread = await openReader(path);
    const staged = await store.rules.beginImport(ACTOR, "a file");
    await staged.stage(LINES);
    expect(verdicts(thread)).toEqual([false, false, false]);
    await staged.abort();
    expect(verdicts(thread)).toEqual([false, false, false]);
    const again = await store.rules.beginImport(ACTOR, "a file");
    await again.stage(LINES);
    expect(verdicts(thread)).toEqual([false, false, false]);
    await again.commit();
    thread.index.advance();
    expect(verdicts(thread)).toEqual([true, true, true]);
    thread.close();
    await store.close();
  });

  test("leaves nothing behind when it is given up", async () => {
    const store = await openStore(folder(), { nowMs });
    const staged = await store.rules.beginImport(ACTOR, "a file");
    await staged.stage(LINES);
    verdicts(store);
    await staged.abort();
    expect(verdicts(store)).toEqual([false, false, false]);
    await store.tidy();
    expect(verdicts(store)).toEqual([false, false, false]);
    expect(await codeOf(staged.commit())).toBe("conflict");
    expect(await codeOf(staged.stage(LINES))).toBe("conflict");
    await staged.abort();
    expect((await store.rules.listRules({ limit: 10 })).items).toEqual([]);
    await store.close();
  });

  test("whose process died is never in force, and is cleared away", async () => {
    const path = folder();
    const first = await openStore(path, { nowMs });
    const staged = await first.rules.beginImport(ACTOR, "a file");
    await staged.stage(LINES);
    await first.close();
    const second = await openStore(path, { nowMs });
    expect(verdicts(second)).toEqual([false, false, false]);
    await second.tidy();
    expect(verdicts(second)).toEqual([false, false, false]);
    expect(await second.check()).toEqual([]);
    expect(await second.rules.counts()).toEqual({
      active: 0,
      expired: 0,
      lifted: 0,
      unreadable: 0,
    });
    await second.close();
  });

  test("hides no rule in force behind a stronger one of its own", async () => {
    const store = await openStore(folder(), { nowMs });
    const staged = await store.rules.beginImport(ACTOR, "a file");
    await staged.stage([{ line: 1, rule: ruleOf("bob", '{"iat":{"lte":100}}') }]);
    await store.rules.addRule(ruleOf("bob", '{"iat":{"lte":10}}'), ACTOR);
    expect(verdicts(store)).toEqual([true, false, false]);
    await staged.abort();
    expect(verdicts(store)).toEqual([true, false, false]);
    await store.close();
  });

  test("with a line that may not be written stages nothing of its batch", async () => {
    const store = await openStore(folder(), { nowMs });
    const staged = await store.rules.beginImport(ACTOR, "a file");
    const bad = { line: 4, rule: ruleOf("bob", '{"jti":"b"}', { expireAt: NOW - 1 }) };
    expect(await codeOf(staged.stage([...LINES, bad]))).toBe("invalid");
    expect(await staged.commit()).toMatchObject({ added: 0 });
    expect(verdicts(store)).toEqual([false, false, false]);
    await store.close();
  });

  test("lets judgements in between, however much it stages", async () => {
    const store = await openStore(folder(), { nowMs });
    const staged = await store.rules.beginImport(ACTOR, "a file");
    const lines = Array.from({ length: 3000 }, (_, n) => ({
      line: n,
      rule: ruleOf(`user-${n % 7}`, `{"_or":true,"cs":${n},"iat":{"lte":${n}}}`),
    }));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await staged.stage(lines);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    await staged.commit();
    expect(store.index.findMatch(claims('{"cs":2999}'), ["user-3"], undefined, NOW)).toBeDefined();
    await store.close();
  });
});
