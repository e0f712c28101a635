/** Where nodes stand with a change, and when nobody can accept what it refuses any more. */
import { describe, expect, test } from "bun:test";
import { DatabaseClock } from "../../../src/core/cluster/database-clock.ts";
import {
  fencedAtMs,
  isAppliedEverywhere,
  type NodeRecord,
  type Roll,
  standingOf,
} from "../../../src/core/cluster/node-standing.ts";

const RENEWED = 1_000_000;
const NODE: NodeRecord = {
  id: "a",
  name: "a",
  version: "1",
  isStrict: true,
  startedAtMs: 0,
  renewedAtMs: RENEWED,
  leaseUntilMs: RENEWED + 30_000,
  trustMs: 4000,
  epoch: "e",
  appliedSeq: 7,
  confirmedSeq: 6,
  verifiers: [],
};
const roll = (nowMs: number, more: Partial<Roll> = {}): Roll => ({
  nowMs,
  epoch: "e",
  seq: 7,
  quietUntilMs: 0,
  nodes: [NODE],
  ...more,
});

describe("a node", () => {
  test("stands with a change as it says, whatever its lease", () => {
    const late = roll(RENEWED + 10_000_000);
    expect(standingOf(NODE, 6, late)).toBe("applied");
    expect(standingOf({ ...NODE, isStrict: false }, 6, late)).toBe("applied");
  });

  test("is pending while its lease, its verifiers' trust or the clocks' drift may last", () => {
    const fenced = fencedAtMs(NODE);
    expect(fenced).toBe(RENEWED + 30_000 + 4000 + 340 + 1000);
    for (const at of [RENEWED, RENEWED + 30_000, RENEWED + 34_000, fenced - 1]) {
      expect(standingOf(NODE, 7, roll(at))).toBe("pending");
    }
    expect(standingOf(NODE, 7, roll(fenced))).toBe("fenced");
  });

  test("that goes on without a lease is never fenced", () => {
    const free = { ...NODE, isStrict: false };
    expect(standingOf(free, 7, roll(RENEWED + 10_000_000))).toBe("unconfirmed");
  });

  test("says nothing of another history by its numbers", () => {
    const other = { ...NODE, epoch: "former", confirmedSeq: 100 };
    expect(standingOf(other, 7, roll(RENEWED))).toBe("pending");
  });
});

describe("a change", () => {
  const done = { ...NODE, confirmedSeq: 7 };

  test("is applied everywhere once every node has it or is fenced", () => {
    const now = RENEWED + 1;
    expect(isAppliedEverywhere(roll(now, { nodes: [done, done] }), 7)).toBe(true);
    expect(isAppliedEverywhere(roll(now, { nodes: [] }), 7)).toBe(true);
    expect(isAppliedEverywhere(roll(now, { nodes: [done, NODE] }), 7)).toBe(false);
    const past = roll(fencedAtMs(NODE), { nodes: [done, NODE] });
    expect(isAppliedEverywhere(past, 7)).toBe(true);
    const free = { ...NODE, isStrict: false };
    expect(isAppliedEverywhere({ ...past, nodes: [done, free] }, 7)).toBe(false);
  });

  test("is not, while leases of a former history may run", () => {
    const now = RENEWED + 1;
    const quiet = roll(now, { nodes: [done], quietUntilMs: now + 1 });
    expect(isAppliedEverywhere(quiet, 7)).toBe(false);
    expect(isAppliedEverywhere({ ...quiet, nowMs: now + 1 }, 7)).toBe(true);
  });

  test("is not, where the journal has not come so far", () => {
    const ahead = { ...NODE, confirmedSeq: 8 };
    expect(isAppliedEverywhere(roll(RENEWED, { nodes: [ahead] }), 8)).toBe(false);
  });
});

describe("the database's clock", () => {
  test("is believed as far as time has passed here", () => {
    const { clock, pass } = start();
    expect(clock.read(1000, "1")).toBe(1000);
    pass(500);
    expect(clock.read(1500, "1")).toBe(1500);
    // Set forward by an hour: a lease must not seem over.
    pass(1000);
    expect(clock.read(3_602_500, "1")).toBe(2501);
    pass(1000);
    expect(clock.read(3_603_500, "1")).toBe(3502);
  });

  test("is believed when it was set back", () => {
    const { clock, pass } = start();
    clock.read(10_000, "1");
    pass(1000);
    expect(clock.read(5000, "1")).toBe(5000);
    pass(1000);
    expect(clock.read(6000, "1")).toBe(6000);
  });

  test("is another one on another timeline", () => {
    const { clock } = start();
    clock.read(10_000, "1");
    expect(clock.read(99_000, "2")).toBe(99_000);
  });
});

function start() {
  let monotonic = 0;
  const clock = new DatabaseClock(() => monotonic);
  return { clock, pass: (ms: number) => (monotonic += ms) };
}
