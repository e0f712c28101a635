import { describe, expect, test } from "bun:test";
import {
  formatClock,
  formatExact,
  formatMoment,
  formatRelative,
  formatShortBoth,
  parseInputMoment,
  toIso,
} from "../../../src/admin-ui/logic/time.ts";

const NOW = 1_795_446_912;
const T = "\u202f";

describe("a moment", () => {
  test.each([
    [NOW, "now"],
    [NOW - 41, `41${T}s ago`],
    [NOW - 7200, `2${T}h ago`],
    [NOW + 60, `in 1${T}min`],
    [NOW - 90 * 86_400, formatExact(NOW - 90 * 86_400).slice(0, 10)],
  ])("is said relative to now", (at, text) => expect(formatRelative(at, NOW)).toBe(text));

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1e300, -1e15])(
    "that is none (%p) breaks nothing",
    (at) => {
      expect(formatRelative(at, NOW)).toBe("at no time");
      expect(formatExact(at)).toBe("not a moment");
      expect(toIso(at)).toBeUndefined();
    },
  );

  test("is exact in UTC", () => {
    expect(formatExact(NOW, "UTC")).toBe("2026-11-23 15:15:12");
    expect(toIso(NOW)).toBe("2026-11-23T15:15:12.000Z");
  });

  test("of today is its time of day, of another day in full", () => {
    expect(formatMoment(NOW, NOW)).toBe(formatClock(NOW));
    expect(formatMoment(NOW, NOW + 3 * 86_400)).toBe(formatExact(NOW));
  });

  test("is told local and in UTC, the day once where both share it", () => {
    const utc = formatExact(NOW, "UTC");
    const isShared = formatExact(NOW).slice(0, 10) === utc.slice(0, 10);
    expect(formatShortBoth(NOW)).toBe(`${formatExact(NOW)}, ${isShared ? utc.slice(11) : utc} UTC`);
    expect(formatShortBoth(Number.NaN)).toBe("not a moment");
  });

  test("comes back from a field as it went in", () => {
    expect(parseInputMoment(formatExact(NOW).replace(" ", "T"))).toBe(NOW);
  });

  test.each(["", "tomorrow", "2026-13-01T00:00", "2026-11-23", "2026-11-23T15:15:12Z"])(
    "is not read from %p",
    (text) => expect(parseInputMoment(text)).toBeUndefined(),
  );
});
