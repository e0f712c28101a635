/** When a change is confirmed: what is waited for, and for how long. */
import { describe, expect, test } from "bun:test";
import { fencedAtMs, LEASE_MS } from "../../../src/core/feed/lease.ts";
import { reportOf, setUp, settle } from "./registry-fixture.ts";

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

  test("times each change by the report that brought it, though a later one brought more", async () => {
    const { clock, registry, poll } = setUp();
    const msOf = async (seq: number) => {
      const { verifiers } = await registry.waitApplied(seq, 0);
      return verifiers.map(({ ms }) => ms);
    };
    poll("a", 4, 4);
    registry.changed(5);
    await clock.advance(90);
    registry.changed(6);
    await clock.advance(10);
    poll("a", 6, 6);
    expect([await msOf(5), await msOf(6)]).toEqual([[100], [10]]);
    registry.changed(7);
    await clock.advance(3);
    poll("a", 7, 7);
    expect([await msOf(5), await msOf(6), await msOf(7)]).toEqual([[100], [10], [3]]);
  });

  test("does not time a change whose report is too long ago to be known", async () => {
    const { registry, poll } = setUp();
    for (let seq = 1; seq <= 100; seq += 1) {
      registry.changed(seq);
      poll("a", seq, seq);
    }
    const [outcome] = (await registry.waitApplied(5, 0)).verifiers;
    expect(outcome).toEqual({ id: "a", name: "name of a", state: "applied" });
    const [timed] = (await registry.waitApplied(100, 0)).verifiers;
    expect(timed).toEqual({ id: "a", name: "name of a", state: "applied", ms: 0 });
  });

  test("lists the verifiers once, however often it is woken", async () => {
    const { registry, poll, wait } = setUp();
    let read = 0;
    const report = {
      ...reportOf("a", 1000),
      get name() {
        read += 1;
        return "name of a";
      },
    };
    registry.polled(report);
    poll("b", 4, 4);
    const state = wait(1000);
    for (let seq = 5; seq <= 1000; seq += 1) {
      poll("b", seq, seq);
      await settle();
    }
    expect(state.outcome).toMatchObject({ applied: true });
    expect(read).toBe(1);
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
