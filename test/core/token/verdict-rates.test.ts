/** Verdicts a minute over the last hour. */
import { describe, expect, test } from "bun:test";
import { VerdictRates } from "../../../src/core/token/verdict-rates.ts";

const NOW = 1_800_000_000;

describe("VerdictRates", () => {
  test("counts by minute and reason, oldest first, quiet minutes left out", () => {
    const clock = { now: NOW };
    const rates = new VerdictRates(() => clock.now);
    rates.count("ok");
    rates.count("E_TKN_INVALID", 5);
    clock.now += 125;
    rates.count("ok", 2);
    expect(rates.lastHour()).toEqual([
      { start: NOW, counts: { ok: 1, E_TKN_INVALID: 5 }, remembered: 0 },
      { start: NOW + 120, counts: { ok: 2 }, remembered: 0 },
    ]);
  });

  test("counts what was answered from memory apart, and no minute for nothing", () => {
    const clock = { now: NOW };
    const rates = new VerdictRates(() => clock.now);
    rates.countRemembered(0);
    expect(rates.lastHour()).toEqual([]);
    rates.countRemembered(40);
    rates.countRemembered(2);
    rates.count("ok");
    expect(rates.lastHour()).toEqual([{ start: NOW, counts: { ok: 1 }, remembered: 42 }]);
  });

  test("forgets after an hour, counted or not", () => {
    const clock = { now: NOW };
    const rates = new VerdictRates(() => clock.now);
    for (let minute = 0; minute < 500; minute += 1) {
      rates.count("ok");
      clock.now += 60;
    }
    expect(rates.lastHour().length).toBeLessThanOrEqual(60);
    clock.now += 3600;
    expect(rates.lastHour()).toEqual([]);
  });

  test("forgets the future after the clock was set back", () => {
    const clock = { now: NOW };
    const rates = new VerdictRates(() => clock.now);
    rates.count("ok");
    clock.now -= 86_400;
    rates.count("ok");
    expect(rates.lastHour()).toEqual([{ start: NOW - 86_400, counts: { ok: 1 }, remembered: 0 }]);
  });
});
