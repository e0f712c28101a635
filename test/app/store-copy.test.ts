/** A whole store from SQLite to PostgreSQL and back: everything is there, and nothing twice. */
import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { exportStore, importStore } from "../../src/app/store-copy.ts";
import { type Config, loadConfig } from "../../src/config/load.ts";
import type { AccountStore } from "../../src/core/revocation/accounts.ts";
import type { RuleStore } from "../../src/core/revocation/store.ts";
import { restore } from "../../src/sqlite/backup.ts";
import { openStore } from "../../src/sqlite/open-store.ts";
import { usePostgres } from "../postgres/fixture.ts";
import { codeOf } from "../sqlite/refusal.ts";
import { ACTOR, claims, NOW, nowMs, ruleOf, useFolder } from "../sqlite/store-fixture.ts";

const folder = useFolder();
const postgres = usePostgres();

const DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** A store with something of everything, copied to a file. */
async function makeBackup(more: readonly string[] = []): Promise<string> {
  const clock = { seconds: NOW };
  const store = await openStore(folder(), { nowMs: () => clock.seconds * 1000 });
  const { rules, accounts } = store;
  await rules.addRule(ruleOf(undefined, '{"cs":12345678901234567891}'), ACTOR);
  await rules.addRule(ruleOf("bob", '{"iat":{"lte":5}}', { reason: "Größe “x” \\u0000" }), ACTOR);
  await rules.addRule(ruleOf("bob", '{"jti":"soon"}', { expireAt: NOW + 10 }), ACTOR);
  const lifted = await rules.addRule(ruleOf("eve", '{"jti":"e"}'), ACTOR);
  await rules.liftRule(lifted.id, "a mistake", { who: "ann", via: "page", from: "10.0.0.1" });
  await rules.addRule(ruleOf("dan", `{"#sha256":"${DIGEST}"}`), ACTOR);
  for (const subject of more) await rules.addRule(ruleOf(subject, '{"jti":"m"}'), ACTOR);
  const abandoned = await rules.beginImport(ACTOR, "a file");
  await abandoned.stage([{ line: 1, rule: ruleOf("never", '{"a":1}') }]);
  await accounts.createPerson({ name: "ann", role: "admin", passwordHash: "hash-a" }, ACTOR);
  await accounts.createApiToken({ name: "ci", role: "operator", secretHash: "hash-1" }, ACTOR);
  await accounts.createApiToken({ name: "old", role: "viewer", secretHash: "hash-2" }, ACTOR);
  await accounts.revokeApiToken("old", ACTOR);
  clock.seconds += 20;
  await store.tidy();
  const file = join(folder(), "backup.db");
  await store.backUp(file, ACTOR);
  await store.close();
  return file;
}

function configOf(store: string): Config {
  return loadConfig({
    flags: new Map(),
    environment: { JWT_STORE: store, JWT_STORE_SINGLE: "true" },
    file: undefined,
    defaultFile: "/nonexistent",
  });
}

/** All that can be asked of a store about what was copied. */
async function contentOf(store: {
  rules: Pick<RuleStore, "listRules" | "listAudit" | "counts">;
  accounts: AccountStore;
}) {
  const { items } = await store.rules.listRules({ limit: 100, order: "asc" });
  const audit = await store.rules.listAudit({ limit: 100 });
  return {
    // Its number in the journal is another one: that history stays behind.
    rules: items.map((rule) => ({ ...rule, seq: 0 })),
    counts: await store.rules.counts(),
    people: await store.accounts.listPeople(),
    tokens: await store.accounts.listApiTokens(),
    // What the copying itself has written is on one side only.
    audit: audit.items.filter(({ action }) => !action.startsWith("store.")),
  };
}

describe("a whole store", () => {
  test("goes to PostgreSQL and back, with its history, people and tokens", async () => {
    const file = await makeBackup();
    const before = await openRestored(file);
    const expected = await contentOf(before);
    expect(expected.counts).toMatchObject({ active: 3, expired: 1, lifted: 1 });
    await before.close();

    await postgres.server().sql("DROP SCHEMA IF EXISTS haproxy_jwt CASCADE");
    const config = configOf(postgres.server().url);
    const copied = await importStore(config, file, ACTOR);
    expect(copied).toMatchObject({ rules: 5, people: 1, apiTokens: 2 });
    const shared = await postgres.openAgain({ nowMs: () => (NOW + 20) * 1000 });
    expect(await contentOf(shared)).toEqual(expected);
    expect(await shared.accounts.findApiToken("hash-1")).toMatchObject({ name: "ci" });
    expect(await shared.accounts.findApiToken("hash-2")).toBe(undefined);
    expect((await shared.accounts.findPerson("ann"))?.passwordHash).toBe("hash-a");
    const [newest] = (await shared.rules.listAudit({ limit: 1 })).items;
    expect(newest).toMatchObject({ action: "store.import", target: "backup.db" });
    expect(await codeOf(importStore(config, file, ACTOR))).toBe("conflict");

    const added = await shared.rules.addRule(ruleOf("zoe", '{"jti":"z"}'), ACTOR);
    expect(added.id).toBeGreaterThan(5);
    const out = join(folder(), "out.db");
    expect(await exportStore(config, out, NOW * 1000)).toMatchObject({ rules: 6, people: 1 });
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(existsSync(`${out}-wal`)).toBe(false);
    const after = await openRestored(out);
    const content = await contentOf(after);
    expect(content.rules.slice(0, 5)).toEqual(expected.rules);
    expect(content.rules[5]).toMatchObject({ id: added.id, scope: { subject: "zoe" } });
    expect(content.people).toEqual(expected.people);
    expect(content.counts).toMatchObject({ active: 4, expired: 1, lifted: 1 });
    const isRevoked = (subject: string, text: string, digest = "") =>
      after.index.findMatch(claims(text), [subject], undefined, NOW + 20, () => digest) !==
      undefined;
    expect(isRevoked("zoe", '{"jti":"z"}')).toBe(true);
    expect(isRevoked("any", '{"cs":12345678901234567891}')).toBe(true);
    expect(isRevoked("any", '{"cs":12345678901234567892}')).toBe(false);
    expect(isRevoked("dan", "{}", DIGEST)).toBe(true);
    expect(isRevoked("dan", "{}", "another")).toBe(false);
    expect(isRevoked("eve", '{"jti":"e"}')).toBe(false);
    await after.close();
  });

  test("with a text that PostgreSQL cannot hold is refused, and nothing is written", async () => {
    const file = await makeBackup(["nul\0name"]);
    await postgres.server().sql("DROP SCHEMA IF EXISTS haproxy_jwt CASCADE");
    const config = configOf(postgres.server().url);
    expect(await codeOf(importStore(config, file, ACTOR))).toBe("invalid");
    const shared = await postgres.openAgain();
    expect((await shared.rules.listRules({ limit: 1 })).items).toEqual([]);
    expect(await shared.accounts.listPeople()).toEqual([]);
  });

  test("is not made of a file that is none, over one that is there, or with no PostgreSQL named", async () => {
    const config = configOf(postgres.server().url);
    const junk = join(folder(), "junk");
    await Bun.write(junk, "no database\n".repeat(500));
    expect(await codeOf(importStore(config, junk, ACTOR))).toBe("invalid");
    expect(await codeOf(importStore(config, `${junk}-none`, ACTOR))).toBe("not_found");
    await postgres.open();
    expect(await codeOf(exportStore(config, junk, NOW * 1000))).toBe("unavailable");
    expect(await Bun.file(junk).text()).toStartWith("no database");
    const file = await makeBackup();
    expect(await codeOf(importStore(configOf("sqlite"), file, ACTOR))).toBe("usage");
    const away = configOf("postgres://127.0.0.1:1/none");
    expect(await codeOf(importStore(away, file, ACTOR))).toBe("unavailable");
  });
});

async function openRestored(file: string) {
  const directory = folder();
  await restore(directory, file, ACTOR, nowMs());
  return openStore(directory, { nowMs: () => (NOW + 20) * 1000 });
}
