/** The longest trust ever granted: nobody confirms too early because the store was exchanged. */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore } from "../../src/sqlite/open-store.ts";
import { openNodeStore } from "../../src/sqlite/replica/node-store.ts";
import { nowMs, useFolder } from "./store-fixture.ts";

describe("a setting that only grows", () => {
  const folder = useFolder();

  test("is as great for a machine that begins to share a store as it was before", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    await store.accounts.raiseSetting("longest_trust_ms", 304_000);
    await store.close();
    const node = await openNodeStore(path);
    expect(await node.settings.raiseSetting("longest_trust_ms", 0)).toBe(304_000);
    node.close();
  });

  test("is as great for one that goes back to a store of its own, and does not shrink by it", async () => {
    const path = folder();
    const node = await openNodeStore(path);
    await node.settings.raiseSetting("longest_trust_ms", 64_000);
    node.close();
    const store = await openStore(path, { nowMs });
    expect(await store.accounts.raiseSetting("longest_trust_ms", 0)).toBe(64_000);
    await store.accounts.raiseSetting("longest_trust_ms", 90_000);
    await store.close();
    const again = await openStore(path, { nowMs });
    expect(await again.accounts.raiseSetting("longest_trust_ms", 0)).toBe(90_000);
    await again.close();
  });

  test("is its own where the other database is none", async () => {
    const path = folder();
    writeFileSync(join(path, "node.db"), "this is no database at all");
    const store = await openStore(path, { nowMs });
    expect(await store.accounts.raiseSetting("longest_trust_ms", 4000)).toBe(4000);
    await store.close();
  });
});
