import { describe, expect, test } from "bun:test";
import { JsonSyntaxError, parseJson } from "../../src/core/json-parse.ts";
import {
  leastRatio,
  namesOfManyHashes,
  namesOfOneHash,
  objectTextOf,
} from "../helpers/one-hash.ts";

/** The least of several tries: what the machine does besides only ever adds. */
function leastMs(work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 7; turn += 1) {
    const started = performance.now();
    work();
    least = Math.min(least, performance.now() - started);
  }
  return least;
}

function costMs(text: string): number {
  return leastMs(() => {
    try {
      parseJson(text);
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
    }
  });
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
    const small = make(64 * 1024);
    const large = make(16 * 64 * 1024);
    let ratio = Number.POSITIVE_INFINITY;
    // Sixteen times the text at sixteen times the cost; a square would be sixteen times that. What else
    // the machine does only ever adds a difference; a real one is there each time.
    for (let round = 0; round < 4 && ratio >= 6; round += 1) {
      ratio = Math.min(ratio, costMs(large) / (16 * Math.max(costMs(small), 0.05)));
    }
    expect(ratio).toBeLessThan(6);
  });

  test.each([...rows])("stays under what a request may cost for a token's 8 KiB: %s", (_, make) => {
    expect(costMs(make(8192))).toBeLessThan(20);
  });

  test("stays under what a request may cost for 8 KiB of one integer", () => {
    expect(costMs("9".repeat(8192))).toBeLessThan(20);
  });
});

describe("names that were chosen to have one hash", () => {
  /** As many as a token of 64 KiB holds. */
  const NAMES = 2200;
  const chosen = objectTextOf(namesOfOneHash(NAMES));
  const usual = objectTextOf(namesOfManyHashes(NAMES));
  const rows: readonly (readonly [where: string, make: (object: string) => string])[] = [
    ["a text", (object) => object],
    ["an object in it", (object) => `{"a":[${object}]}`],
  ];

  test.each([...rows])("cost no more than others do, as members of %s", (_, make) => {
    const ratio = leastRatio(
      () => costMs(make(chosen)),
      () => costMs(make(usual)),
    );
    expect(ratio).toBeLessThan(5);
  });

  test("would cost many times as much in a Map", () => {
    const ratio = mapCostMs(namesOfOneHash(NAMES)) / mapCostMs(namesOfManyHashes(NAMES));
    expect(ratio).toBeGreaterThan(10);
  });
});

function mapCostMs(names: readonly string[]): number {
  return leastMs(() => {
    expect(new Map(names.map((name) => [name, 1])).size).toBe(names.length);
  });
}
