import { describe, expect, test } from "bun:test";
import { JsonSyntaxError, parseJson } from "../../src/core/json-parse.ts";

/** The least of several tries: what the machine does besides only ever adds. */
function costMs(text: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 7; turn += 1) {
    const started = performance.now();
    try {
      parseJson(text);
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
    }
    least = Math.min(least, performance.now() - started);
  }
  return least;
}

describe("the cost of parsing", () => {
  const rows: readonly (readonly [name: string, make: (size: number) => string])[] = [
    ["escapes", (size) => `"${"\\u0061".repeat(size / 6)}"`],
    ["quotes", (size) => `"${'\\"'.repeat(size / 2)}"`],
    ["raw surrogate pairs", (size) => `"${"𝄞".repeat(size / 2)}"`],
    ["many short strings with surrogates", (size) => `[${'"𝄞",'.repeat(size / 5)}1]`],
    ["members", (size) => `{${Array.from({ length: size / 9 }, (_, n) => `"k${n}":1`).join()}}`],
    ["numbers", (size) => `[${"1,".repeat(size / 2)}1]`],
    ["spaces", (size) => `[${" ".repeat(size)}1]`],
    ["a fraction's digits", (size) => `1.${"1".repeat(size)}`],
    ["an exponent's digits", (size) => `1e${"1".repeat(size)}`],
    ["an unfinished string", (size) => `"${"a".repeat(size)}`],
    ["unfinished arrays", (size) => "[[1,".repeat(size / 4)],
    ["unfinished numbers", (size) => `[${"-".repeat(size)}`],
  ];

  test.each([...rows])("grows with the length alone: %s", (_, make) => {
    const small = costMs(make(64 * 1024));
    const large = costMs(make(16 * 64 * 1024));
    // Sixteen times the text at sixteen times the cost, give or take; a square would be 256.
    expect(large).toBeLessThan(Math.max(small * 100, 30));
  });

  test.each([...rows])("stays under a few milliseconds for a token's 8 KiB: %s", (_, make) => {
    expect(costMs(make(8192))).toBeLessThan(5);
  });

  test("stays under a few milliseconds for 8 KiB of one integer", () => {
    expect(costMs("9".repeat(8192))).toBeLessThan(5);
  });
});
