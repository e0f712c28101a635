import { describe, expect, test } from "bun:test";
import { knownFaults } from "../../../src/cli/doctor/known-bad.ts";

describe("a HAProxy release", () => {
  for (const [version, count] of [
    ["2.6.8", 2],
    ["2.6.9", 1],
    ["2.6.14", 1],
    ["2.6.15", 0],
    ["2.8.1", 1],
    ["2.8.2", 0],
    ["3.0.3", 1],
    ["3.0.4", 0],
    ["3.2.0", 0],
  ] as const) {
    test(`${version} has ${count} known faults`, () => {
      expect(knownFaults(version)).toHaveLength(count);
    });
  }

  for (const version of ["2.6.12-1+deb12u4", "3.0.3-1~bpo12+1", "", "3.4-dev2-abc", "banana"]) {
    test(`${JSON.stringify(version)}, a build with fixes of its own or unknown, has none`, () => {
      expect(knownFaults(version)).toEqual([]);
    });
  }
});
