/** Which keys a judging thread uses, by either clock. */
import { describe, expect, test } from "bun:test";
import { GroundsView } from "../../../src/app/workers/grounds-view.ts";
import type { WorkerGrounds } from "../../../src/app/workers/messages.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";

const NOW = 1_800_000_000;
const MONOTONIC_MS = 50_000;

function grounds(ageSeconds: number): WorkerGrounds {
  const text = JSON.stringify({ keys: [createSigningKey("ES256").jwk] });
  const fetchedAtSeconds = NOW - ageSeconds;
  return {
    kind: "grounds",
    version: 1,
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
