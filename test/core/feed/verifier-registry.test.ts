import { describe, expect, test } from "bun:test";
import type { AppliedOutcome } from "../../../src/core/feed/confirmation.ts";
import { fencedAtMs, LEASE_MS } from "../../../src/core/feed/lease.ts";
import { type PollReport, VerifierRegistry } from "../../../src/core/feed/verifier-registry.ts";

/** A clock that stands until it is moved, and the timers on it. */
class FakeClock {
  now = 100_000;
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();

  after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { at: this.now + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  get timers(): number {
    return this.#timers.size;
  }

  /** Goes forward step by step, and lets what was woken run in between. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await settle();
      const due = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      const [next] = due;
      if (next === undefined) break;
      this.now = Math.max(this.now, next.at);
      this.#timers.delete(next);
      next.run();
    }
    this.now = end;
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function setUp(quietMs = 0) {
  const clock = new FakeClock();
  const registry = new VerifierRegistry({
    monotonicMs: () => clock.now,
    nowMs: () => 1_700_000_000_000 + clock.now,
    quietUntilMs: clock.now + quietMs,
    after: clock.after,
  });
  const poll = (id: string, seq: number | undefined, told: number, staleSeconds = 0) => {
    const report = reportOf(id, seq, staleSeconds);
    const receivedAtMs = clock.now;
    const mayHaveLease = registry.polled(report);
    registry.answered(report, receivedAtMs, mayHaveLease ? LEASE_MS : 0, told);
    return mayHaveLease;
  };
  /** Starts a wait and says what has come of it so far. */
  const wait = (seq: number, timeoutMs = 10_000) => {
    const state: { outcome?: AppliedOutcome } = {};
    const run = async () => {
      state.outcome = await registry.waitApplied(seq, timeoutMs);
    };
    void run();
    return state;
  };
  return { clock, registry, poll, wait };
}

function reportOf(id: string, seq: number | undefined, staleSeconds = 0): PollReport {
  return { id, name: `name of ${id}`, seq, staleSeconds, version: "1", entries: 3 };
}

describe("VerifierRegistry.waitApplied", () => {
  test("confirms at once where nobody verifies", async () => {
    const { registry } = setUp();
    expect(await registry.waitApplied(5, 0)).toEqual({ applied: true, verifiers: [] });
  });

  test("confirms once every verifier has reported it, with its time", async () => {
    const { clock, registry, poll, wait } = setUp();
    poll("a", 4, 4);
    poll("b", 4, 4);
    registry.changed(5);
    const state = wait(5);
    await clock.advance(10);
    poll("a", 5, 5);
    await settle();
    expect(state.outcome).toBeUndefined();
    await clock.advance(15);
    poll("b", 5, 5);
    await settle();
    expect(state.outcome).toEqual({
      applied: true,
      verifiers: [
        { id: "a", name: "name of a", state: "applied", ms: 10 },
        { id: "b", name: "name of b", state: "applied", ms: 25 },
      ],
    });
    expect(clock.timers).toBe(0);
  });

  test("takes a later sequence for the earlier one", async () => {
    const { poll, registry } = setUp();
    poll("a", 9, 9);
    expect(await registry.waitApplied(5, 0)).toMatchObject({ applied: true });
  });

  test("never goes back on what a verifier has applied", async () => {
    const { poll, registry } = setUp();
    poll("a", 9, 9);
    poll("a", 3, 9);
    expect(await registry.waitApplied(9, 0)).toMatchObject({ applied: true });
  });

  test("waits for a silent verifier until it is fenced, to the millisecond", async () => {
    const { clock, poll, wait } = setUp();
    poll("a", 4, 4);
    const fenced = Math.ceil(fencedAtMs(clock.now, LEASE_MS, 0)) - clock.now;
    const state = wait(5);
    await clock.advance(fenced - 1);
    expect(state.outcome).toBeUndefined();
    await clock.advance(1);
    expect(state.outcome).toMatchObject({ applied: true, verifiers: [{ state: "fenced" }] });
  });

  test("waits longer for one in best effort, and calls it unconfirmed", async () => {
    const { clock, poll, wait } = setUp();
    poll("a", 4, 4, 60);
    const early = wait(5, 10_000);
    const late = wait(5, 100_000);
    await clock.advance(10_000);
    expect(early.outcome).toEqual({
      applied: false,
      verifiers: [{ id: "a", name: "name of a", state: "unconfirmed" }],
    });
    await clock.advance(54_000);
    expect(late.outcome).toBeUndefined();
    await clock.advance(2000);
    expect(late.outcome).toMatchObject({ applied: true, verifiers: [{ state: "fenced" }] });
  });

  test("counts the time after a lease as the poll said that was given it", async () => {
    const { clock, registry, poll, wait } = setUp();
    // Two polls of one verifier are open at once; the older one is answered last.
    const older = reportOf("a", 4, 60);
    registry.polled(older);
    const receivedAtMs = clock.now;
    poll("a", 4, 4, 0);
    registry.answered(older, receivedAtMs, LEASE_MS, 4);
    const state = wait(5, 100_000);
    await clock.advance(60_000);
    expect(state.outcome).toBeUndefined();
    await clock.advance(6000);
    expect(state.outcome).toMatchObject({ applied: true });
  });

  test("says who is pending when the time is up", async () => {
    const { clock, poll, wait } = setUp();
    poll("a", 5, 5);
    poll("b", 4, 4);
    const state = wait(5, 1000);
    await clock.advance(999);
    expect(state.outcome).toBeUndefined();
    await clock.advance(1);
    expect(state.outcome).toMatchObject({
      applied: false,
      verifiers: [
        { id: "a", state: "applied" },
        { id: "b", state: "pending" },
      ],
    });
    expect(clock.timers).toBe(0);
  });

  test("does not wait for one who was never given a lease", async () => {
    const { clock, registry } = setUp();
    registry.polled(reportOf("a", 4));
    registry.answered(reportOf("a", 4), clock.now, 0, 4);
    expect(await registry.waitApplied(5, 0)).toEqual({ applied: true, verifiers: [] });
  });

  test("keeps the longest lease where answers cross", async () => {
    const { clock, registry, wait } = setUp();
    const report = reportOf("a", 4);
    registry.polled(report);
    registry.answered(report, clock.now, LEASE_MS, 4);
    registry.answered(report, clock.now - 3000, LEASE_MS, 4);
    const state = wait(5);
    await clock.advance(5003);
    expect(state.outcome).toBeUndefined();
    await clock.advance(2);
    expect(state.outcome).toMatchObject({ applied: true });
  });

  test("confirms nothing before the leases of its former life have run out", async () => {
    const { clock, wait } = setUp(8000);
    const short = wait(5, 5000);
    const long = wait(5, 10_000);
    await clock.advance(7999);
    // Nobody has a name yet, but the answer still says for whom it waited.
    const name = "whoever verified before this server's start";
    expect(short.outcome).toEqual({
      applied: false,
      verifiers: [{ id: "former", name, state: "pending" }],
    });
    expect(long.outcome).toBeUndefined();
    await clock.advance(1);
    expect(long.outcome).toEqual({ applied: true, verifiers: [] });
  });
});

describe("verdicts without a lease", () => {
  test("put a confirmation off until they are forgotten", async () => {
    const { clock, registry, wait } = setUp();
    registry.answeredWithoutLease(3, 4);
    const state = wait(5);
    const short = wait(5, 1000);
    await clock.advance(4002);
    expect(state.outcome).toBeUndefined();
    const name = "a HAProxy without the verifier key";
    expect(short.outcome).toEqual({
      applied: false,
      verifiers: [{ id: "unleased", name, state: "pending" }],
    });
    await clock.advance(1);
    expect(state.outcome).toMatchObject({ applied: true });
  });

  test("do not count where they were judged after the change", async () => {
    const { registry } = setUp();
    registry.answeredWithoutLease(3, 5);
    expect(await registry.waitApplied(5, 0)).toMatchObject({ applied: true });
  });

  test("do not put a confirmation off for ever in a steady stream", async () => {
    const { clock, registry, wait } = setUp();
    registry.answeredWithoutLease(3, 4);
    const state = wait(5);
    for (let step = 0; step < 45; step += 1) {
      registry.answeredWithoutLease(3, 5);
      await clock.advance(100);
    }
    expect(state.outcome).toMatchObject({ applied: true });
  });

  test("count also where they are noted after the change but judged before it", async () => {
    const { clock, registry, wait } = setUp();
    registry.changed(5);
    const state = wait(5);
    registry.answeredWithoutLease(3, 4);
    await clock.advance(0);
    // The wait may have ended before the verdict was noted, but a new one must see it.
    const again = wait(5);
    await clock.advance(1000);
    expect(again.outcome).toBeUndefined();
    expect(state.outcome).toMatchObject({ applied: true });
  });

  test("are kept in bounded memory, and never counted for less", async () => {
    const { clock, registry, wait } = setUp();
    for (let seq = 0; seq < 5000; seq += 1) registry.answeredWithoutLease(3, seq);
    const state = wait(4999);
    await clock.advance(4002);
    expect(state.outcome).toBeUndefined();
    await clock.advance(1);
    expect(state.outcome).toMatchObject({ applied: true });
  });
});

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
