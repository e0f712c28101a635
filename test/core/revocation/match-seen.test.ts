/** P11: a rule is tried on the sample a few tokens at a time, and for no longer than a second. */
import { describe, expect, test } from "bun:test";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import { matchSeen, type Pace, type SeenToken } from "../../../src/core/revocation/match-seen.ts";
import { parseRule } from "../../../src/core/revocation/parse-rule.ts";

const SEEN_AT = 1_800_000_000;
const QUESTION = {
  scope: { kind: "global" },
  condition: parseRule('{"sub":{"sw":"s"}}').condition,
} as const;

const sampleOf = (size: number): readonly SeenToken[] =>
  Array.from({ length: size }, (_, index) => ({
    subjects: [`s${index}`],
    issuer: undefined,
    seenAt: SEEN_AT - index,
    isEncrypted: false,
    claims: parseJsonObject(`{"sub":"s${index}"}`).object,
  }));

/** A clock on which each token takes so long; others work for as long in each pause. */
function createPace(tokenMs: number, othersMs = 0) {
  const leaving = new AbortController();
  const state = { nowMs: 0, pauses: 0, worked: 0, longestMs: 0 };
  const pace: Pace = {
    monotonicMs: () => {
      state.nowMs += tokenMs;
      state.worked += tokenMs;
      return state.nowMs;
    },
    pause: async () => {
      state.pauses += 1;
      state.nowMs += othersMs;
      state.longestMs = Math.max(state.longestMs, state.worked);
      state.worked = 0;
    },
    left: leaving.signal,
  };
  return { pace, state, leave: () => leaving.abort() };
}

describe("trying a rule on a sample", () => {
  test("looks at all of them without a pause where that takes no time", async () => {
    const { pace, state } = createPace(0);
    expect(await matchSeen(sampleOf(5000), QUESTION, pace)).toMatchObject({
      of: 5000,
      matched: 5000,
      notLookedAt: 0,
      since: SEEN_AT - 4999,
    });
    expect(state.pauses).toBe(0);
  });

  test("lets others work every few milliseconds", async () => {
    const { pace, state } = createPace(0.5);
    const seen = await matchSeen(sampleOf(1000), QUESTION, pace);
    expect(seen.notLookedAt).toBe(0);
    expect(state.pauses).toBeGreaterThan(100);
    expect(state.longestMs).toBeLessThanOrEqual(5);
  });

  test("answers within a second for what it has looked at, and says how many it has not", async () => {
    const { pace, state } = createPace(10, 15);
    const seen = await matchSeen(sampleOf(1000), QUESTION, pace);
    expect(state.nowMs).toBeLessThan(1100);
    expect(seen.of).toBeGreaterThan(10);
    expect(seen).toMatchObject({ matched: seen.of, notLookedAt: 1000 - seen.of });
    expect(seen.since).toBe(SEEN_AT - seen.of + 1);
  });

  test("stops when nobody waits for it any more", async () => {
    const { pace, leave } = createPace(0);
    leave();
    expect(await matchSeen(sampleOf(10), QUESTION, pace)).toMatchObject({ of: 0, notLookedAt: 10 });
  });
});
