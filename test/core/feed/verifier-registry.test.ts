/** Who verifies, and what each of them has applied. */
import { describe, expect, test } from "bun:test";
import { fencedAtMs, LEASE_MS } from "../../../src/core/feed/lease.ts";
import { reportOf, setUp } from "./registry-fixture.ts";

describe("VerifierRegistry.polled", () => {
  test("goes on granting leases to one who does what it is told", () => {
    const { poll } = setUp();
    for (let seq = 0; seq < 100; seq += 1) expect(poll("a", seq, seq + 1)).toBe(true);
  });

  test.each([
    ["reports less than it was told", 1],
    ["reports nothing at all", undefined],
  ])("fences off one who keeps polling and %s", async (_, seq) => {
    const { clock, poll, wait } = setUp();
    poll("a", undefined, 9);
    const granted = Array.from({ length: 8 }, () => poll("a", seq, 9));
    expect(granted).toEqual([true, true, true, true, true, false, false, false]);
    const state = wait(9);
    for (let step = 0; step < 60; step += 1) {
      poll("a", seq, 9);
      await clock.advance(100);
    }
    expect(state.outcome).toMatchObject({ applied: true, verifiers: [{ state: "fenced" }] });
  });

  test("forgives as soon as it has caught up", () => {
    const { poll } = setUp();
    for (let turn = 0; turn < 9; turn += 1) poll("a", 1, 9);
    expect(poll("a", 1, 9)).toBe(false);
    expect(poll("a", 9, 9)).toBe(true);
    expect(poll("a", 9, 10)).toBe(true);
  });

  test("forgets one that was silent for ten minutes, not one that is live", async () => {
    const { clock, poll, registry } = setUp();
    poll("old", 1, 1);
    await clock.advance(600_001);
    poll("new", 1, 1);
    expect(registry.verifiers().map(({ id }) => id)).toEqual(["new"]);
  });

  test("goes on waiting for a silent one whose best effort lasts longer than that", async () => {
    const { clock, poll, registry } = setUp();
    poll("a", 1, 1, 3600);
    await clock.advance(1_000_000);
    expect(registry.verifiers()).toMatchObject([{ id: "a", isLive: true }]);
    expect(await registry.waitApplied(2, 0)).toMatchObject({ applied: false });
  });

  test("gives no lease to more identities than it can watch", () => {
    const { registry } = setUp();
    for (let n = 0; n < 20_000; n += 1) registry.polled(reportOf(`id-${n}`, 1));
    expect(registry.polled(reportOf("one too many", 1))).toBe(false);
    expect(registry.polled(reportOf("id-0", 1))).toBe(true);
    registry.answered(reportOf("one too many", 1), 0, LEASE_MS, 1);
    expect(registry.verifiers()).toHaveLength(20_000);
  });

  test("lists what people want to know of a verifier", async () => {
    const { clock, poll, registry } = setUp();
    registry.changed(4);
    await clock.advance(30);
    poll("a", 4, 4, 7);
    await clock.advance(500);
    expect(registry.verifiers()).toEqual([
      {
        id: "a",
        name: "name of a",
        seq: 4,
        isLive: true,
        lastContactMs: 1_700_000_100_030,
        silentForMs: 500,
        staleSeconds: 7,
        version: "1",
        entries: 3,
        lastLatencyMs: 30,
      },
    ]);
    await clock.advance(20_000);
    expect(registry.verifiers()).toMatchObject([{ isLive: false }]);
  });
});

describe("VerifierRegistry.confirmedSeq", () => {
  test("is the newest change where nobody verifies, and not known while it is quiet", async () => {
    expect(setUp().registry.confirmedSeq(9)).toBe(9);
    const { clock, registry } = setUp(5000);
    expect(registry.confirmedSeq(9)).toBe(-1);
    await clock.advance(5000);
    expect(registry.confirmedSeq(9)).toBe(9);
  });

  test("is what the slowest verifier has applied, until that is fenced", async () => {
    const { clock, registry, poll } = setUp();
    poll("a", 7, 7);
    await clock.advance(2000);
    poll("b", 9, 9);
    expect(registry.confirmedSeq(9)).toBe(7);
    await clock.advance(fencedAtMs(0, LEASE_MS, 0) - 2000);
    expect(registry.confirmedSeq(9)).toBe(9);
  });

  test("is what was judged for one without a lease, as long as he may remember it", async () => {
    const { clock, registry } = setUp();
    registry.answeredWithoutLease(3, 5);
    expect(registry.confirmedSeq(9)).toBe(5);
    await clock.advance(fencedAtMs(0, 3000, 0));
    expect(registry.confirmedSeq(9)).toBe(9);
  });
});

describe("VerifierRegistry.restart", () => {
  test("forgets what was reported of the former history, not who may trust what he remembers", async () => {
    const { clock, registry, poll, wait } = setUp();
    poll("a", 100, 100);
    registry.answeredWithoutLease(3, 100);
    registry.restart();
    // The same number means another change now.
    expect(registry.confirmedSeq(90)).toBe(-1);
    const waiting = wait(90);
    await clock.advance(10);
    expect(waiting.outcome).toBe(undefined);
    poll("a", 90, 90);
    await clock.advance(10);
    expect(waiting.outcome).toBe(undefined);
    await clock.advance(fencedAtMs(0, 3000, 0));
    expect(waiting.outcome).toMatchObject({ applied: true, verifiers: [{ state: "applied" }] });
  });
});
