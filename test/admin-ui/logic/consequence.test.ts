/** What a preview does not know is said in words, and nothing is said where it knows all. */
import { describe, expect, test } from "bun:test";
import type { Preview } from "../../../src/admin-ui/api/types.ts";
import { hitsAllSeen, toGaps } from "../../../src/admin-ui/logic/consequence.ts";

const seenOf = (more: Partial<Preview["seen"]>): Preview["seen"] => ({
  of: 1200,
  matched: 3,
  notLookedAt: 0,
  subjects: ["bob"],
  subjectCount: 1,
  unknownClaims: [],
  ...more,
});

describe("the count of tokens seen", () => {
  test("has no gaps where all were looked at", () => {
    expect(toGaps(seenOf({}))).toEqual([]);
  });

  test("says how many of how many were looked at", () => {
    expect(toGaps(seenOf({ notLookedAt: 3800 }))).toEqual([
      "This rule takes long to try: only 1200 of the 5000 tokens seen lately were looked at.",
    ]);
  });

  test("is of everything only for a rule about everybody", () => {
    const seen = seenOf({ matched: 1200 });
    const preview = { words: "", scope: "global", expireAt: 0, seen } as const;
    expect(hitsAllSeen(preview)).toBe(true);
    expect(hitsAllSeen({ ...preview, scope: "subject" })).toBe(false);
    expect(hitsAllSeen({ ...preview, seen: seenOf({}) })).toBe(false);
  });
});
