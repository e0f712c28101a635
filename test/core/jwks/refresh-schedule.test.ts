import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { nextDelayMs } from "../../../src/core/jwks/refresh-schedule.ts";

const times = { intervalSeconds: 300, maxAgeSeconds: 86_400 };

function delay(failures: number, maxAgeSeconds?: number, random = 0, interval = 300): number {
  return nextDelayMs({ failures, maxAgeSeconds }, { ...times, intervalSeconds: interval }, random);
}

function delayOfAge(maxAgeSeconds: number, failures = 0): number {
  return nextDelayMs({ failures, maxAgeSeconds: undefined }, { ...times, maxAgeSeconds }, 0);
}

describe("nextDelayMs", () => {
  test.each<readonly [name: string, delayMs: number, expected: number]>([
    ["is the interval", delay(0), 300_000],
    ["is sooner where Cache-Control says so", delay(0, 60), 60_000],
    ["is never sooner than half a minute for that", delay(0, 0), 30_000],
    ["is never later for it", delay(0, 86_400), 300_000],
    ["keeps to an interval below half a minute", delay(0, 0, 0, 5), 5000],
    ["begins with a second after a failure", delay(1), 1000],
    ["doubles with each failure", delay(4), 8000],
    ["ignores Cache-Control after a failure", delay(1, 86_400), 1000],
    ["never exceeds the interval after failures", delay(30), 300_000],
    ["stays finite after very many failures", delay(1_000_000), 300_000],
    ["is half the maximum age where that is less", delayOfAge(60), 30_000],
    ["is so after failures too", delayOfAge(60, 30), 30_000],
    ["is so for a maximum age of a second", delayOfAge(1), 500],
    ["is not for a longer one", delayOfAge(600), 300_000],
    ["is jittered only downwards", delay(0, undefined, 0.999), 240_060],
  ])("%s", (_, delayMs, expected) => {
    expect(delayMs).toBeCloseTo(expected, 6);
  });

  test("is always within the interval and never nothing", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.option(fc.nat(), { nil: undefined }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 86_400 }),
        (failures, maxAge, random, interval) => {
          const ms = delay(failures, maxAge, random, interval);
          expect(ms).toBeLessThanOrEqual(interval * 1000);
          expect(ms).toBeGreaterThanOrEqual(800);
        },
      ),
    );
  });
});
