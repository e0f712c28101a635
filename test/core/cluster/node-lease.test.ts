/** A node's lease: counted from before it was sent, by the clock that says more time has passed. */
import { describe, expect, test } from "bun:test";
import { NodeLease } from "../../../src/core/cluster/node-lease.ts";

function start() {
  const clock = { monotonic: 1000, wall: 1_800_000_000_000 };
  const lease = new NodeLease(
    { monotonicMs: () => clock.monotonic, nowMs: () => clock.wall },
    30_000,
  );
  const pass = (ms: number) => {
    clock.monotonic += ms;
    clock.wall += ms;
  };
  return { clock, lease, pass };
}

describe("a node's lease", () => {
  test("does not run before one was granted", () => {
    const { lease } = start();
    expect([lease.remainingMs(), lease.grantMs(4000), lease.ageMs()]).toEqual([0, 0, undefined]);
  });

  test("runs from before the renewal was sent, not from its answer", () => {
    const { lease, pass } = start();
    const sent = lease.moment();
    pass(2000);
    lease.renewed(sent);
    expect(lease.remainingMs()).toBe(28_000);
    pass(27_999);
    expect(lease.remainingMs()).toBe(1);
    pass(1);
    expect(lease.remainingMs()).toBe(0);
  });

  test("is over for a renewal whose answer took longer than itself", () => {
    const { lease, pass } = start();
    const sent = lease.moment();
    pass(30_000);
    lease.renewed(sent);
    expect(lease.remainingMs()).toBe(0);
  });

  test("is not made shorter by an older renewal's late answer", () => {
    const { lease, pass } = start();
    const first = lease.moment();
    pass(10_000);
    lease.renewed(lease.moment());
    lease.renewed(first);
    expect(lease.remainingMs()).toBe(30_000);
  });

  test.each([
    ["the machine slept, and one clock stood still", 0, 31_000],
    ["the wall clock was set back", 31_000, -3_600_000],
    ["the wall clock was set forward", 5, 3_600_000],
  ])("ends where %s", (_, monotonicMs, wallMs) => {
    const { clock, lease } = start();
    lease.renewed(lease.moment());
    clock.monotonic += monotonicMs;
    clock.wall += wallMs;
    expect(lease.remainingMs()).toBe(0);
  });

  test("grants verifiers what does not outlast it, or nothing", () => {
    const { lease, pass } = start();
    lease.renewed(lease.moment());
    expect(lease.grantMs(4000)).toBe(4000);
    pass(26_500);
    expect(lease.grantMs(4000)).toBe(3000);
    pass(501);
    expect(lease.grantMs(4000)).toBe(0);
  });

  test("is over at once when it is dropped", () => {
    const { lease } = start();
    lease.renewed(lease.moment());
    lease.drop();
    expect(lease.remainingMs()).toBe(0);
  });
});
