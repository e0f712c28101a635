/** Which keys a judging thread uses, by either clock. */
import { describe, expect, test } from "bun:test";
import { GroundsView, NewestGrounds } from "../../../src/app/workers/grounds-view.ts";
import type { WorkerGrounds } from "../../../src/app/workers/messages.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";

const NOW = 1_800_000_000;
const MONOTONIC_MS = 50_000;

function grounds(ageSeconds: number, version = 1): WorkerGrounds {
  const text = JSON.stringify({ keys: [createSigningKey("ES256").jwk] });
  const fetchedAtSeconds = NOW - ageSeconds;
  return {
    kind: "grounds",
    version,
    epoch: "e",
    policies: { common: {}, byIssuer: new Map() } as unknown as WorkerGrounds["policies"],
    decryptionKeysText: undefined,
    allowShortSecrets: false,
    keyMaxAgeSeconds: 100,
    sets: [{ source: "s", issuer: undefined, text, fetchedAtSeconds, ageSeconds }],
  };
}

describe("a judging thread's keys", () => {
  test.each([
    ["are used while they are fresh", 99, 99, 1],
    ["are too old by the wall clock", 101, 10, 0],
    ["are too old by the clock that cannot be set back", 10, 101, 0],
    ["are too old by that clock though the other was set back", -3600, 101, 0],
  ])("%s", async (_, wallSeconds, monotonicSeconds, keys) => {
    const view = await GroundsView.read(grounds(0), MONOTONIC_MS);
    const ring = view.ring(NOW + wallSeconds, MONOTONIC_MS + monotonicSeconds * 1000);
    expect(ring.keys).toHaveLength(keys);
  });

  test("count their age from when they were fetched", async () => {
    const view = await GroundsView.read(grounds(60), MONOTONIC_MS);
    expect(view.ring(NOW, MONOTONIC_MS + 39_000).keys).toHaveLength(1);
    expect(view.ring(NOW, MONOTONIC_MS + 41_000).keys).toHaveLength(0);
  });
});

describe("what a judging thread was told last", () => {
  test("counts, though what it was told before is read after it", async () => {
    const newest = new NewestGrounds();
    const read: number[] = [];
    const take = async (told: WorkerGrounds) => {
      await newest.take(told, MONOTONIC_MS);
      read.push(told.version);
    };
    await take(grounds(0, 1));
    expect(newest.view?.version).toBe(1);
    // Without a key there is nothing to wait for.
    await Promise.all([take(grounds(0, 2)), take({ ...grounds(0, 3), sets: [] })]);
    expect(read).toEqual([1, 3, 2]);
    expect(newest.view?.version).toBe(3);
  });

  test("leaves the former in place where it cannot be read", async () => {
    const newest = new NewestGrounds();
    await newest.take(grounds(0, 1), MONOTONIC_MS);
    const broken = { ...grounds(0, 2), decryptionKeysText: "no keys" };
    expect(await newest.take(broken, MONOTONIC_MS).catch(() => "unreadable")).toBe("unreadable");
    expect(newest.view?.version).toBe(1);
    await newest.take(grounds(0, 3), MONOTONIC_MS);
    expect(newest.view?.version).toBe(3);
  });
});
