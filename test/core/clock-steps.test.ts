import { describe, expect, test } from "bun:test";
import { ClockSteps } from "../../src/core/clock-steps.ts";

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const YEARS_MS = 10 * 365 * 24 * HOUR_MS;

/** Two clocks of which a test sets one. */
function createClocks() {
  let monotonic = 5000;
  let offset = NOW_MS - monotonic;
  return {
    steps: new ClockSteps({ nowMs: () => monotonic + offset, monotonicMs: () => monotonic }),
    pass: (ms: number) => {
      monotonic += ms;
    },
    set: (byMs: number) => {
      offset += byMs;
    },
    now: () => monotonic + offset,
  };
}

describe("ClockSteps", () => {
  test("sees nothing where time only passes", () => {
    const { steps, pass, now } = createClocks();
    for (const ms of [1, 1000, HOUR_MS, 30 * HOUR_MS]) {
      pass(ms);
      expect(steps.look()).toBe(0);
      expect(steps.prudentNowMs()).toBe(now());
    }
  });

  test("sees nothing in a clock that is slewed, and follows it", () => {
    const { steps, pass, set, now } = createClocks();
    for (let second = 0; second < 10_000; second++) {
      pass(1000);
      set(0.5);
      expect(steps.look()).toBe(0);
    }
    expect(steps.prudentNowMs()).toBe(now());
  });

  test.each([
    ["an hour forward", HOUR_MS],
    ["an hour back", -HOUR_MS],
    ["ten years forward", YEARS_MS],
    ["ten years back", -YEARS_MS],
  ])("sees a step of %s, once", (_, byMs) => {
    const { steps, pass, set } = createClocks();
    pass(1000);
    set(byMs);
    expect(steps.look()).toBe(byMs / 1000);
    pass(1000);
    expect(steps.look()).toBe(0);
  });

  test("goes on with the earlier time after a step forward, for a day", () => {
    const { steps, pass, set, now } = createClocks();
    set(YEARS_MS);
    expect(steps.prudentNowMs()).toBe(NOW_MS);
    steps.look();
    pass(23 * HOUR_MS);
    steps.look();
    expect(steps.prudentNowMs()).toBe(NOW_MS + 23 * HOUR_MS);
    pass(HOUR_MS);
    steps.look();
    expect(steps.prudentNowMs()).toBe(now());
  });

  test("takes a step back at its word at once, looked at or not", () => {
    const { steps, pass, set, now } = createClocks();
    set(-HOUR_MS);
    expect(steps.prudentNowMs()).toBe(now());
    steps.look();
    pass(1000);
    expect(steps.prudentNowMs()).toBe(now());
  });

  test("is not taken in by a step back to a time that is still ahead", () => {
    const { steps, pass, set } = createClocks();
    set(YEARS_MS);
    steps.look();
    set(-HOUR_MS);
    steps.look();
    pass(1000);
    expect(steps.prudentNowMs()).toBe(NOW_MS + 1000);
  });
});
