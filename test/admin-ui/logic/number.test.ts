import { describe, expect, test } from "bun:test";
import {
  formatCount,
  formatCounted,
  formatDuration,
  formatMs,
  formatRate,
  formatShare,
} from "../../../src/admin-ui/logic/number.ts";

const T = "\u202f";

describe("a count", () => {
  test.each([
    [0, "0"],
    [-5, "-5"],
    [9999, "9999"],
    [10_000, `10${T}000`],
    [-18_204, `-18${T}204`],
    [1_234_567, `1${T}234${T}567`],
  ])("writes %p as %p", (value, text) => expect(formatCount(value)).toBe(text));

  test("takes the singular for one only", () => {
    expect(formatCounted(1, "rule", "rules")).toBe("1\u00a0rule");
    expect(formatCounted(0, "rule", "rules")).toBe("0\u00a0rules");
  });
});

describe("a share", () => {
  test.each([
    [0, 0, `0${T}%`],
    [0, 10, `0${T}%`],
    [10, 10, `100.0${T}%`],
    [1, 1_000_000, `<${T}0.01${T}%`],
    [999_999, 1_000_000, `>${T}99.99${T}%`],
    [42, 10_000, `0.42${T}%`],
  ])("never rounds %p of %p to nothing or to all", (part, whole, text) =>
    expect(formatShare(part, whole)).toBe(text),
  );
});

describe("a duration", () => {
  test.each([
    [0.2, `<${T}1${T}ms`],
    [9.4, `9${T}ms`],
    [1234, `1.2${T}s`],
    [15_000, `15${T}s`],
    [90_000, `1${T}min`],
  ])("writes %p ms with its unit", (ms, text) => expect(formatMs(ms)).toBe(text));

  test.each([
    [-1, `0${T}s`],
    [59.9, `59${T}s`],
    [60, `1${T}min`],
    [3599, `59${T}min`],
    [86_399, `23${T}h`],
    [86_400 * 12, `12${T}d`],
  ])("writes %p s in its largest unit", (seconds, text) =>
    expect(formatDuration(seconds)).toBe(text),
  );

  test("has no more digits for a rate than mean something", () => {
    expect([0, 0.02, 3.06, 12_480.4].map(formatRate)).toEqual([
      "0",
      "<\u00a00.1",
      "3.1",
      `12${T}480`,
    ]);
  });
});
