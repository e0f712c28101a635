import { describe, expect, test } from "bun:test";
import { countOf } from "../../src/cli/output.ts";

describe("countOf", () => {
  test.each([
    [0, "0 lines"],
    [1, "1 line"],
    [2, "2 lines"],
  ])("says %i with its word", (count, words) => {
    expect(countOf(count, "line", "lines")).toBe(words);
  });
});
