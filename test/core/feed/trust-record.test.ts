import { describe, expect, test } from "bun:test";
import { fencedAtMs, HOLD_MS, LEASE_MS } from "../../../src/core/feed/lease.ts";
import { TrustRecord, type TrustStore } from "../../../src/core/feed/trust-record.ts";

/** What HAProxy waits for an answer beyond the time that a poll is held (lua/verify-jwt/feed.lua). */
const ROUND_TRIP_MS = 800;
/** What a lease may lose where whole seconds are counted. */
const ROUNDING_MS = 1000;

/** A store in memory; `fail` makes the next raises fail, `hold` makes them wait. */
class FakeStore implements TrustStore {
  value: number;
  isFailing = false;
  raises: number[] = [];
  #gate: Promise<void> = Promise.resolve();

  constructor(value = 0) {
    this.value = value;
  }

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  async raise(_: string, atLeast: number): Promise<number> {
    await this.#gate;
    if (this.isFailing) throw new Error("the disk is full");
    this.raises.push(atLeast);
    this.value = Math.max(this.value, atLeast);
    return this.value;
  }
}

describe("TrustRecord", () => {
  test("tells how long the former life's trust may last, before it records its own", async () => {
    const store = new FakeStore(60_000);
    const { formerMs, record } = await TrustRecord.open(store, 4000);
    expect(formerMs).toBe(60_000);
    expect(record.allows(60_000)).toBe(true);
    expect(store.value).toBe(60_000);
  });

  test("has no former trust on the first start", async () => {
    const store = new FakeStore();
    const { formerMs, record } = await TrustRecord.open(store, 4000);
    expect(formerMs).toBe(0);
    expect(store.value).toBe(4000);
    expect(record.allows(4000)).toBe(true);
  });

  test("allows a longer trust only once it is recorded", async () => {
    const store = new FakeStore();
    const { record } = await TrustRecord.open(store, 4000);
    const go = store.hold();
    expect(record.allows(10_000)).toBe(false);
    expect(record.allows(10_000)).toBe(false);
    go();
    await record.ensure(10_000);
    expect(store.value).toBe(10_000);
    expect(record.allows(10_000)).toBe(true);
    expect(record.allows(10_001)).toBe(false);
  });

  test("waits for its own raise when one for less is under way", async () => {
    const store = new FakeStore();
    const { record } = await TrustRecord.open(store, 4000);
    const go = store.hold();
    const waits = Promise.all([record.ensure(5000), record.ensure(90_000), record.ensure(20_000)]);
    go();
    await waits;
    expect(store.value).toBe(90_000);
    expect(record.allows(90_000)).toBe(true);
  });

  test("grants nothing longer while the record cannot be written", async () => {
    const store = new FakeStore();
    const { record } = await TrustRecord.open(store, 4000);
    store.isFailing = true;
    expect(record.allows(10_000)).toBe(false);
    expect(record.ensure(10_000)).rejects.toThrow("full");
    await record.ensure(10_000).catch(() => undefined);
    expect(record.allows(10_000)).toBe(false);
    expect(record.allows(4000)).toBe(true);
    store.isFailing = false;
    await record.ensure(10_000);
    expect(record.allows(10_000)).toBe(true);
  });
});

describe("fencedAtMs", () => {
  test.each([
    ["a strict verifier", 4000, 0, 5004],
    ["one in best effort for a minute", 4000, 60, 65_064],
    ["one without any lease", 0, 0, 1000],
  ])("is later than the trust of %s", (_, leaseMs, staleSeconds, after) => {
    expect(fencedAtMs(10_000, leaseMs, staleSeconds)).toBeCloseTo(10_000 + after, 6);
    expect(fencedAtMs(10_000, leaseMs, staleSeconds)).toBeGreaterThan(
      10_000 + leaseMs + staleSeconds * 1000,
    );
  });

  test("leaves time for two polls and a slow round trip in a lease, rounded down", () => {
    expect(HOLD_MS).toBeLessThan((LEASE_MS - ROUNDING_MS - ROUND_TRIP_MS) / 2);
  });
});
