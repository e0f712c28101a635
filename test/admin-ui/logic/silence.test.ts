/** Where a change will be enforced, silent threads and all. */
import { describe, expect, test } from "bun:test";
import type { Verifier } from "../../../src/admin-ui/api/types.ts";
import { toReach } from "../../../src/admin-ui/logic/silence.ts";

const thread = (more: Partial<Verifier> = {}): Verifier => ({
  id: "1",
  name: "edge-1",
  seq: 5,
  isLive: true,
  lastContactMs: 0,
  silentForMs: 100,
  staleSeconds: 0,
  entries: 0,
  ...more,
});
const silent = thread({ isLive: false, silentForMs: 45_000 });
const alone = thread({ staleSeconds: 60, silentForMs: 45_000 });

describe("what a change will be enforced on", () => {
  test.each([
    ["nobody", [], "each request, by asking"],
    ["silent threads only", [silent, silent], "each request, by asking"],
    ["threads that are all heard", [thread(), thread({ seq: 1 })], "2\u00a0threads"],
    ["one of them silent", [thread(), silent], "1 of 2\u00a0threads, 1 asks each time"],
    [
      "one of them on its own",
      [thread(), silent, silent, alone],
      "1 of 4\u00a0threads, 2 ask each time, 1 goes on without the server",
    ],
  ] as const)("is said for %s", (_, items, text) => {
    expect(toReach({ seq: 5, items })).toBe(text);
  });
});
