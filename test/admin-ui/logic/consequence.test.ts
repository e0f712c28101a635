/** What a preview does not know is said in words, and nothing is said where it knows all. */
import { describe, expect, test } from "bun:test";
import type { Preview } from "../../../src/admin-ui/api/types.ts";
import { hitsAllSeen, toGaps, toTrial } from "../../../src/admin-ui/logic/consequence.ts";

const seenOf = (more: Partial<Preview["seen"]>): Preview["seen"] => ({
  of: 1200,
  matched: 3,
  notLookedAt: 0,
  leftOut: 0,
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

  test("says that encrypted ones are not in it", () => {
    expect(toGaps(seenOf({ leftOut: 1 }))).toEqual([
      "Not counted: 1\u00a0encrypted token. What they say is for operators to see.",
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

describe("the token it is tried on", () => {
  test.each([
    ["matches", { matches: true }, "would be refused"],
    ["does not match", { matches: false }, "would still pass"],
    ["is hidden", { claimsHidden: true }, "not said: it is encrypted, and this needs an operator"],
  ])("%s", (_, trial, words) => {
    expect(toTrial(trial)).toBe(words);
  });
});
