/** Backup and restore: what is written is sound, what is restored was checked, nothing is half done. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../src/core/app-error.ts";
import { restore } from "../../src/sqlite/backup.ts";
import { openStore, type Store } from "../../src/sqlite/open-store.ts";
import { ACTOR, claims, NOW, nowMs, ruleOf, useFolder } from "./store-fixture.ts";

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return "done";
}

function isRevoked(store: Store, subject: string): boolean {
  return store.index.findMatch(claims('{"iat":5}'), [subject], undefined, NOW) !== undefined;
}

describe("a backup", () => {
  const folder = useFolder();

  test("is taken while the store is in use and restores to the same verdicts, in a new epoch", async () => {
    const path = folder();
    const file = join(folder(), "saved.db");
    const store = await openStore(path, { nowMs });
    await store.rules.addRule(ruleOf("bob", '{"iat":{"lte":10}}'), ACTOR);
    await store.accounts.raiseSetting("lease", 5);
    const { bytes } = await store.backUp(file, ACTOR);
    expect(bytes).toBe(statSync(file).size);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await store.rules.addRule(ruleOf("eve", '{"iat":{"lte":10}}'), ACTOR);
    await store.accounts.raiseSetting("lease", 9);
    const { epoch } = store.index;
    await store.close();

    const done = await restore(path, file, ACTOR, nowMs());
    expect(done).toMatchObject({ rules: 1, seq: 1 });
    const again = await openStore(path, { nowMs });
    expect(again.index.epoch).not.toBe(epoch);
    expect([isRevoked(again, "bob"), isRevoked(again, "eve")]).toEqual([true, false]);
    // The lease was granted, whatever the backup knows of it.
    expect(await again.accounts.raiseSetting("lease", 1)).toBe(9);
    const { items } = await again.rules.listAudit({ limit: 1 });
    expect(items[0]?.action).toBe("store.restore");
    await again.close();

    // What was there before is kept, and can be restored in turn.
    await restore(path, done.formerFile ?? "", ACTOR, nowMs() + 1000);
    const former = await openStore(path, { nowMs });
    expect(isRevoked(former, "eve")).toBe(true);
    await former.close();
  });

  test("replaces an older one of the same name and leaves nothing else behind", async () => {
    const path = folder();
    const target = folder();
    const store = await openStore(path, { nowMs });
    await store.backUp(join(target, "b.db"), ACTOR);
    await store.backUp(join(target, "b.db"), ACTOR);
    expect(readdirSync(target)).toEqual(["b.db"]);
    await store.close();
  });

  test("that cannot be written is refused and leaves no part of it", async () => {
    const store = await openStore(folder(), { nowMs });
    const missing = join(folder(), "no", "such", "folder.db");
    expect(await codeOf(store.backUp(missing, ACTOR))).toBe("unavailable");
    await store.close();
  });

  test("does not hold up judgements while it is taken", async () => {
    const store = await openStore(folder(), { nowMs });
    const staged = await store.rules.beginImport(ACTOR, "test");
    for (let n = 0; n < 5000; n += 1000) {
      await staged.stage(
        Array.from({ length: 1000 }, (_, k) => ({
          line: n + k,
          rule: ruleOf(`user-${k}`, `{"jti":"${n + k}"}`),
        })),
      );
    }
    await staged.commit();
    let worst = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      worst = Math.max(worst, now - last);
      last = now;
    }, 1);
    await store.backUp(join(folder(), "b.db"), ACTOR);
    clearInterval(timer);
    expect(worst).toBeLessThan(200);
    await store.close();
  });
});

describe("restore refuses", () => {
  const folder = useFolder();

  async function sound(): Promise<string> {
    const path = folder();
    const store = await openStore(path, { nowMs });
    for (let n = 0; n < 300; n++) {
      await store.rules.addRule(ruleOf(`user-${n}`, `{"jti":"${n}"}`), ACTOR);
    }
    const file = join(folder(), "b.db");
    await store.backUp(file, ACTOR);
    await store.close();
    return file;
  }

  const broken: readonly (readonly [name: string, make: (good: Buffer) => Buffer, code: string])[] =
    [
      ["a file that is no database", () => Buffer.from("not a database at all"), "invalid"],
      ["an empty file", () => Buffer.alloc(0), "invalid"],
      ["a file cut short", (good) => good.subarray(0, good.length - 8192), "invalid"],
      [
        "a file with flipped bits",
        (good) => {
          const bad = Buffer.from(good);
          for (let at = 3 * 4096; at < bad.length; at += 4096) bad.fill(0xff, at, at + 64);
          return bad;
        },
        "invalid",
      ],
    ];

  test("what is not a sound backup, and leaves the folder as it was", async () => {
    const good = readFileSync(await sound());
    for (const [name, make, code] of broken) {
      const path = folder();
      const store = await openStore(path, { nowMs });
      await store.rules.addRule(ruleOf("bob", '{"iat":{"lte":10}}'), ACTOR);
      await store.close();
      const before = readdirSync(path).toSorted();
      const file = join(folder(), "bad.db");
      writeFileSync(file, make(good));
      expect([name, await codeOf(restore(path, file, ACTOR, nowMs()))]).toEqual([name, code]);
      expect(readdirSync(path).toSorted()).toEqual(before);
      const after = await openStore(path, { nowMs });
      expect(isRevoked(after, "bob")).toBe(true);
      await after.close();
    }
  });

  test("a folder that a server has open", async () => {
    const file = await sound();
    const path = folder();
    const store = await openStore(path, { nowMs });
    expect(await codeOf(restore(path, file, ACTOR, nowMs()))).toBe("conflict");
    await store.close();
  });

  test("a file that is not there", async () => {
    expect(await codeOf(restore(folder(), "/nonexistent/b.db", ACTOR, nowMs()))).toBe("not_found");
  });
});
