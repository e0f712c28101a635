/** Opening a store: whose folder it is, what SQLite was told, which schemas are taken. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openConnection } from "../../src/sqlite/connection.ts";
import { lockFolder } from "../../src/sqlite/folder-lock.ts";
import { migrate, MIGRATIONS, readVersion } from "../../src/sqlite/migrate.ts";
import { openStore } from "../../src/sqlite/open-store.ts";
import { codeOf, refusalOf } from "./refusal.ts";
import { ACTOR, claims, NOW, nowMs, ruleOf, useFolder } from "./store-fixture.ts";

const NOBODY = 65_534;
const RULE = '{"iat":{"lte":10}}';

describe("a data folder", () => {
  const folder = useFolder();

  test("and all in it is its owner's only, also one that was open to others", async () => {
    const path = join(folder(), "deep", "data");
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
    const store = await openStore(path, { nowMs });
    await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(path)) {
      expect([name, statSync(join(path, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    await store.close();
  });

  test("is one process's at a time, and free again when it is closed", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    expect(await codeOf(openStore(path, { nowMs }))).toBe("conflict");
    await store.close();
    await (await openStore(path, { nowMs })).close();
  });

  test("is free again when the process that had it was killed", async () => {
    const path = folder();
    const script = `
      import { lockFolder } from ${JSON.stringify(require.resolve("../../src/sqlite/folder-lock.ts"))};
      // Kept, because a lock that nobody holds any more is collected, and ends.
      globalThis.held = lockFolder(${JSON.stringify(path)});
      process.stdout.write("locked");
      setTimeout(() => process.exit(1), 60_000);`;
    const child = Bun.spawn([process.execPath, "-e", script], {
      stdout: "pipe",
      stderr: "ignore",
    });
    try {
      const { value } = await child.stdout.getReader().read();
      expect(new TextDecoder().decode(value)).toBe("locked");
      expect(() => lockFolder(path)).toThrow(
        `another process (${child.pid}) is using the data folder ${path}`,
      );
    } finally {
      child.kill("SIGKILL");
    }
    await child.exited;
    lockFolder(path).release();
  });

  test.skipIf(process.getuid?.() !== 0)(
    "of another user is refused, and left as it is",
    async () => {
      const path = folder();
      chownSync(path, NOBODY, NOBODY);
      const refusal = await refusalOf(openStore(path, { nowMs }));
      expect([refusal.code, refusal.message]).toEqual([
        "forbidden",
        `the data folder ${path} belongs to nobody: run it as nobody`,
      ]);
      expect(readdirSync(path)).toEqual([]);
    },
  );

  test.skipIf(process.getuid?.() !== 0)("with another user's file in it says whose", async () => {
    const path = folder();
    await (await openStore(path, { nowMs })).close();
    const file = join(path, "lock.db");
    chownSync(file, NOBODY, NOBODY);
    const { message } = await refusalOf(openStore(path, { nowMs }));
    expect(message).toBe(`${file} belongs to nobody: give it to root with chown root ${file}`);
  });

  test("that is no folder is refused", async () => {
    const path = join(folder(), "file");
    writeFileSync(path, "");
    expect(await codeOf(openStore(path, { nowMs }))).toBe("unavailable");
  });

  test("with something else in the database's place is refused and left as it is", async () => {
    const path = folder();
    writeFileSync(join(path, "haproxy-jwt.db"), "not a database, by far ".repeat(400));
    expect(await codeOf(openStore(path, { nowMs }))).toBe("unavailable");
    expect(statSync(join(path, "haproxy-jwt.db")).size).toBe(23 * 400);
    // The lock was given back.
    lockFolder(path).release();
  });
});

describe("a connection", () => {
  const folder = useFolder();

  test("keeps what P5 needs: a synced write-ahead log, foreign keys, no trust in the schema", () => {
    const connection = openConnection(join(folder(), "x.db"));
    const read = (name: string): unknown =>
      Object.values(connection.db.query<object, []>(`PRAGMA ${name}`).get() ?? {})[0];
    expect(["journal_mode", "synchronous", "foreign_keys", "trusted_schema"].map(read)).toEqual([
      "wal",
      2,
      1,
      0,
    ]);
    connection.close();
  });

  test("waits for another process's lock without holding up the event loop", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    const other = new Database(join(path, "haproxy-jwt.db"));
    other.run("BEGIN IMMEDIATE");
    let isDone = false;
    const adding = store.rules.addRule(ruleOf("bob", RULE), ACTOR).then((written) => {
      isDone = true;
      return written;
    });
    // Judgements go on meanwhile.
    for (let turn = 0; turn < 5; turn++) {
      const before = performance.now();
      expect(store.index.findMatch(claims("{}"), ["bob"], undefined, NOW)).toBe(undefined);
      expect(performance.now() - before).toBeLessThan(50);
      await Bun.sleep(5);
    }
    expect(isDone).toBe(false);
    other.run("ROLLBACK");
    expect((await adding).seq).toBe(1);
    other.close();
    await store.close();
  });

  test("gives up on a lock that stays, with nothing changed", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    const other = new Database(join(path, "haproxy-jwt.db"));
    other.run("BEGIN IMMEDIATE");
    const refusal = await refusalOf(store.rules.addRule(ruleOf("bob", RULE), ACTOR));
    expect(refusal.code).toBe("unavailable");
    expect(refusal.message).toContain("locked");
    other.run("ROLLBACK");
    other.close();
    expect(await store.rules.counts()).toMatchObject({ active: 0 });
    await store.close();
  }, 20_000);

  test("refuses a write that the disk has no room for, with nothing changed", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    await store.close();
    const connection = openConnection(join(path, "haproxy-jwt.db"));
    const pages = connection.db.query<{ page_count: number }, []>("PRAGMA page_count").get();
    connection.db.run(`PRAGMA max_page_count = ${pages?.page_count ?? 0}`);
    const fill = connection.db.query<unknown, [string]>(
      "INSERT INTO setting (name, value) VALUES ('x', ?)",
    );
    const refusal = await refusalOf(connection.write(() => fill.run("x".repeat(1_000_000))));
    expect([refusal.code, refusal.message]).toEqual(["unavailable", "the disk is full"]);
    connection.close();
    const again = await openStore(path, { nowMs });
    expect(await again.check()).toEqual([]);
    await again.close();
  });
});

describe("migrations", () => {
  const folder = useFolder();

  test("run one by one from the schema that is there, and keep what is in it", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    await store.close();
    const connection = openConnection(join(path, "haproxy-jwt.db"));
    const next = "CREATE TABLE added (x INTEGER) STRICT; INSERT INTO added VALUES (5);";
    const from = MIGRATIONS.length;
    expect(await migrate(connection, [...MIGRATIONS, next])).toEqual({ from, to: from + 1 });
    expect(await migrate(connection, [...MIGRATIONS, next])).toEqual({
      from: from + 1,
      to: from + 1,
    });
    expect(connection.db.query("SELECT x FROM added").all()).toEqual([{ x: 5 }]);
    connection.close();
    // The version of before does not know the new schema, and leaves it alone.
    const refusal = await refusalOf(openStore(path, { nowMs }));
    expect(refusal.code).toBe("conflict");
    expect(refusal.message).toContain("newer version");
  });

  test("that fail change nothing", async () => {
    const connection = openConnection(join(folder(), "x.db"));
    await migrate(connection);
    const broken = "CREATE TABLE half (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);";
    expect(await codeOf(migrate(connection, [...MIGRATIONS, broken]))).toBe("unavailable");
    expect(readVersion(connection)).toBe(MIGRATIONS.length);
    const tables = connection.db.query("SELECT 1 FROM sqlite_schema WHERE name = 'half'").all();
    expect(tables).toEqual([]);
    connection.close();
  });
});

describe("an index of another version's making", () => {
  const folder = useFolder();

  test("is made anew before anything is judged", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    await store.rules.addRule(ruleOf("bob", '{"jti":"a"}'), ACTOR);
    await store.rules.addRule(ruleOf("bob", RULE), ACTOR);
    await store.close();
    const db = new Database(join(path, "haproxy-jwt.db"));
    db.run("DELETE FROM rule_key");
    db.run("DELETE FROM rule_ladder");
    db.run("UPDATE setting SET value = '0' WHERE name = 'entry_version'");
    db.close();
    const again = await openStore(path, { nowMs });
    const ask = (text: string) => again.index.findMatch(claims(text), ["bob"], undefined, NOW);
    expect([ask('{"jti":"a"}')?.ruleId, ask('{"iat":1}')?.ruleId]).toEqual([1, 2]);
    await again.close();
  });
});
