import { describe, expect, test } from "bun:test";
import { parseMembers } from "../../src/cli/api-answer.ts";
import { enforcementOf } from "../../src/cli/changes.ts";

const WAITING = { isWaiting: true, timeout: "10" };

const said = (answer: Readonly<Record<string, unknown>>) =>
  enforcementOf({ isServer: true }, parseMembers(JSON.stringify(answer)), WAITING);

const applied = (ms: number) => ({ name: "a", state: "applied", ms });
const fenced = { name: "b", state: "fenced" };

describe("what is said of a change's enforcement", () => {
  test.each([
    [[], "Enforced: nobody remembers an older verdict."],
    [[applied(3.2), applied(1)], "Enforced on 2 of 2 HAProxy threads, after 4 ms."],
    [
      [applied(3), fenced],
      "Enforced on 1 of 2 HAProxy threads, after 3 ms; 1 silent, and trusting nothing they remember.",
    ],
    [
      [fenced],
      "Enforced: the one HAProxy thread known is silent, and trusts nothing it remembers.",
    ],
    [
      [fenced, fenced],
      "Enforced: the 2 HAProxy threads known are silent, and trust nothing they remember.",
    ],
  ])("by the threads %j", (verifiers, words) => {
    expect(said({ applied: true, verifiers })).toBe(words);
  });

  test("by machines that are all silent, and by one that is not", () => {
    const here = { name: "m", state: "applied", verifiers: [applied(1)] };
    expect(said({ applied: true, nodes: [here, fenced], ms: 5 })).toBe(
      "Enforced on 1 of 2 machines (1 HAProxy thread), after 5 ms; 1 silent, their leases over.",
    );
    expect(said({ applied: true, nodes: [fenced] })).toBe(
      "Enforced: the one machine known is silent, and its lease is over.",
    );
    expect(said({ applied: true, nodes: [fenced, fenced] })).toBe(
      "Enforced: the 2 machines known are silent, and their leases are over.",
    );
  });

  test("by who has not confirmed it in time", () => {
    const late = { name: "c", state: "pending" };
    expect(said({ applied: false, verifiers: [fenced, late] })).toBe(
      "Stored, but not confirmed within 10 s: c.",
    );
  });
});
