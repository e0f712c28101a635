import { beforeEach, describe, expect, test } from "bun:test";
import { SetAge } from "../../src/jwks/set-age.ts";

const NOW = 1_700_000_000;
const MAX_AGE = 3600;
const YEAR = 366 * 86_400;

let now = NOW;
let monotonicMs = 0;
/** What is to run, and when by the clock of timers. */
let timers: { readonly atMs: number; readonly run: () => void }[] = [];
let told = 0;

beforeEach(() => {
  now = NOW;
  monotonicMs = 50_000;
  timers = [];
  told = 0;
});

function pass(seconds: number): void {
  now += seconds;
  monotonicMs += seconds * 1000;
}

/** Runs what is due, as a timer that is early by so many milliseconds would. */
function runTimers(earlyMs = 0): void {
  const due = timers.filter(({ atMs }) => atMs <= monotonicMs + earlyMs);
  timers = timers.filter((timer) => !due.includes(timer));
  for (const { run } of due) run();
}

function createAge(maxAge = MAX_AGE): SetAge {
  return new SetAge({
    nowSeconds: () => now,
    monotonicMs: () => monotonicMs,
    maxAgeSeconds: () => maxAge,
    onTooOld: () => (told += 1),
    after: (delayMs, run) => {
      const timer = { atMs: monotonicMs + delayMs, run };
      timers.push(timer);
      return () => (timers = timers.filter((one) => one !== timer));
    },
  });
}

describe("SetAge", () => {
  test("is too old without a set, and tells nobody", () => {
    const age = createAge();
    expect([age.seconds(), age.isTooOld(), timers]).toEqual([Infinity, true, []]);
  });

  test("tells once, at the moment at which the set is too old", () => {
    const age = createAge();
    age.note(NOW);
    pass(MAX_AGE - 0.001);
    runTimers();
    expect([age.isTooOld(), told]).toEqual([false, 0]);
    pass(0.001);
    runTimers();
    expect([age.isTooOld(), told, timers]).toEqual([true, 1, []]);
  });

  test("tells later of a set that was read again, and of one timer only", () => {
    const age = createAge();
    age.note(NOW);
    pass(MAX_AGE - 10);
    age.note(now);
    expect(timers).toHaveLength(1);
    pass(10);
    runTimers();
    expect([age.isTooOld(), told]).toEqual([false, 0]);
    pass(MAX_AGE - 10);
    runTimers();
    expect([age.isTooOld(), told]).toEqual([true, 1]);
  });

  test("tells of a second set that becomes too old", () => {
    const age = createAge();
    for (const expected of [1, 2]) {
      age.note(now);
      pass(MAX_AGE);
      runTimers();
      expect(told).toBe(expected);
    }
  });

  test("looks again where its timer was early", () => {
    const age = createAge();
    age.note(NOW);
    pass(MAX_AGE - 2);
    runTimers(2000);
    expect([age.isTooOld(), told]).toEqual([false, 0]);
    pass(2);
    runTimers();
    expect(told).toBe(1);
  });

  test("waits in several pieces for what no timer can wait for", () => {
    const age = createAge(YEAR);
    age.note(NOW);
    for (let day = 0; day < 365; day += 1) {
      expect(timers.every(({ atMs }) => atMs - monotonicMs < 2 ** 31)).toBe(true);
      pass(86_400);
      runTimers();
    }
    expect(told).toBe(0);
    pass(86_400);
    runTimers();
    expect(told).toBe(1);
  });

  test("goes on from when a set was fetched in an earlier run", () => {
    const age = createAge();
    age.note(NOW - MAX_AGE + 10);
    pass(10);
    runTimers();
    expect([age.seconds(), told]).toEqual([MAX_AGE, 1]);
  });

  test("says nothing of a set that was too old when it was found", () => {
    const age = createAge();
    age.note(NOW - MAX_AGE);
    expect([age.isTooOld(), told, timers]).toEqual([true, 0, []]);
  });

  test.each([
    ["the wall clock alone goes on", MAX_AGE, 0],
    ["the wall clock is set back", -315_360_000, MAX_AGE],
  ])("counts by the clock that is further on: %s", (_, wallSeconds, otherSeconds) => {
    const age = createAge();
    age.note(NOW);
    now += wallSeconds;
    expect(age.isTooOld()).toBe(otherSeconds === 0);
    monotonicMs += otherSeconds * 1000;
    expect([age.isTooOld(), age.seconds()]).toEqual([true, MAX_AGE]);
  });

  test("tells nothing any more once it was stopped, also of what is noted then", () => {
    const age = createAge();
    age.note(NOW);
    age.stop();
    age.note(NOW);
    expect([timers, age.isTooOld()]).toEqual([[], false]);
  });
});
