/** What is noted beside the database: a store that lost acknowledged changes is never served. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openHead } from "../../src/sqlite/head.ts";
import { openStore } from "../../src/sqlite/open-store.ts";
import { refusalOf } from "./refusal.ts";
import { ACTOR, nowMs, ruleOf, useFolder } from "./store-fixture.ts";

const folder = useFolder();
const EPOCH = "11111111-2222-4333-8444-555555555555";

function noted(): { readonly path: string; readonly file: string } {
  const path = folder();
  const head = openHead(path, EPOCH, 7);
  head.note(12);
  head.close();
  return { path, file: join(path, "haproxy-jwt.head") };
}

describe("the head", () => {
  test("lets a store pass that has come as far, or farther", () => {
    const { path } = noted();
    openHead(path, EPOCH, 12).close();
    openHead(path, EPOCH, 13).close();
    expect(() => openHead(path, EPOCH, 12)).toThrow("has lost changes");
  });

  test("refuses one that ends earlier, and one of another epoch, and says what to do", () => {
    const { path, file } = noted();
    expect(() => openHead(path, EPOCH, 11)).toThrow(/12.*11.*restore a backup.*remove/s);
    expect(() => openHead(path, crypto.randomUUID(), 12)).toThrow(file);
  });

  test("is its owner's alone, and always as long", () => {
    const { path, file } = noted();
    const head = openHead(path, EPOCH, 12);
    head.note(999_999_999_999);
    head.close();
    const { mode, size } = statSync(file);
    expect([mode & 0o777, size]).toEqual([0o600, 64]);
  });

  for (const [name, spoil] of [
    ["empty", () => Buffer.alloc(0)],
    ["cut off", (bytes: Buffer) => bytes.subarray(0, 30)],
    [
      "changed in one bit",
      (bytes: Buffer) => Buffer.from(bytes).fill((bytes[40] ?? 0) ^ 1, 40, 41),
    ],
    ["something else", () => Buffer.from("hello\n")],
  ] as const) {
    test(`${name} says nothing against a store, and is written anew`, () => {
      const { path, file } = noted();
      writeFileSync(file, spoil(readFileSync(file)));
      openHead(path, EPOCH, 3).close();
      expect(() => openHead(path, EPOCH, 2)).toThrow("has lost changes");
    });
  }
});

describe("a store", () => {
  test("whose newest changes are gone is not opened", async () => {
    const path = folder();
    const database = join(path, "haproxy-jwt.db");
    const first = await openStore(path, { nowMs });
    await first.close();
    copyFileSync(database, `${database}.earlier`);
    const second = await openStore(path, { nowMs });
    await second.rules.addRule(ruleOf("bob", '{"iat":{"lte":10}}'), ACTOR);
    await second.close();
    copyFileSync(`${database}.earlier`, database);
    for (const suffix of ["-wal", "-shm"]) rmSync(database + suffix, { force: true });
    const refusal = await refusalOf(openStore(path, { nowMs }));
    expect(refusal.message).toContain("has lost changes");
  });

  test("that was lost whole is not made anew in silence", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    await store.rules.addRule(ruleOf("bob", '{"iat":{"lte":10}}'), ACTOR);
    await store.close();
    rmSync(join(path, "haproxy-jwt.db"));
    const refusal = await refusalOf(openStore(path, { nowMs }));
    expect(refusal.message).toContain("has lost changes");
  });
});
