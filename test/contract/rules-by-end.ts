/** What any store's list of rules by their end does: each rule once, in order, wherever a page ends. */
import { describe, expect, test } from "bun:test";
import type { RuleQuery, RuleStore } from "../../src/core/revocation/store.ts";
import { codeOf } from "../sqlite/refusal.ts";
import { ACTOR, NOW, ruleOf } from "../sqlite/store-fixture.ts";

type Rules = Pick<RuleStore, "addRule" | "liftRule" | "listRules">;

export interface OpenedRules {
  readonly rules: Rules;
  readonly close: () => Promise<void>;
}

/** All of a list, page by page. */
async function idsOf(rules: Rules, query: Partial<RuleQuery>, limit = 3) {
  const ids: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await rules.listRules({ sort: "end", ...query, limit, cursor });
    ids.push(...page.items.map(({ id }) => id));
    ({ cursor } = page);
  } while (cursor !== undefined);
  return ids;
}

/** Declares the tests of one kind of store. */
export function describeRulesByEnd(
  name: string,
  open: (nowMs: () => number) => Promise<OpenedRules>,
): void {
  /** Rules by their number: when each ends, and whose it is. */
  const ENDS = [0, 300, 100, 0, 300, 200, 50, 300] as const;

  async function openFilled() {
    const clock = { seconds: NOW };
    const store = await open(() => clock.seconds * 1000);
    for (const [index, end] of ENDS.entries()) {
      const whose = index % 2 === 0 ? "bob" : undefined;
      const expireAt = end === 0 ? 0 : NOW + end;
      await store.rules.addRule(
        ruleOf(whose, `{"jti":"${index}"}`, { expireAt, reason: index < 4 ? "early" : "late" }),
        ACTOR,
      );
    }
    // Rule 8 is lifted, and the time of rule 7 passes.
    await store.rules.liftRule(8, "x", ACTOR);
    clock.seconds = NOW + 60;
    return store;
  }

  describe(name, () => {
    const CASES: readonly (readonly [string, Partial<RuleQuery>, readonly number[]])[] = [
      ["soonest first, never last", { order: "asc" }, [7, 3, 6, 2, 5, 8, 1, 4]],
      ["never first, then the farthest", {}, [4, 1, 8, 5, 2, 6, 3, 7]],
      ["only those in force", { order: "asc", state: "active" }, [3, 6, 2, 5, 1, 4]],
      ["only those in force, the other way", { state: "active" }, [4, 1, 5, 2, 6, 3]],
      ["only those that are over", { state: "expired" }, [7]],
      ["only those that are over, the other way", { order: "asc", state: "expired" }, [7]],
      ["only the lifted", { state: "lifted" }, [8]],
      ["of one subject", { order: "asc", subject: "bob" }, [7, 3, 5, 1]],
      ["of one subject, the other way", { subject: "bob" }, [1, 5, 3, 7]],
      ["for everybody", { order: "asc", scope: "global" }, [6, 2, 8, 4]],
      ["for everybody, the other way", { scope: "global" }, [4, 8, 2, 6]],
      ["with a text", { order: "asc", q: "early" }, [3, 2, 1, 4]],
    ];

    test("gives each rule once, however long a page is", async () => {
      const store = await openFilled();
      for (const [what, query, expected] of CASES) {
        for (const limit of [1, 2, 3, 100]) {
          expect([what, limit, await idsOf(store.rules, query, limit)]).toEqual([
            what,
            limit,
            [...expected],
          ]);
        }
      }
      await store.close();
    });

    test("refuses another list's cursor, and one that nobody gave", async () => {
      const store = await openFilled();
      const cursorOf = async (query: Partial<RuleQuery>) =>
        (await store.rules.listRules({ limit: 1, ...query })).cursor;
      const cursors = [
        await cursorOf({}),
        await cursorOf({ sort: "end", order: "asc" }),
        Buffer.from("rules-end:1").toString("base64url"),
        Buffer.from("rules-end:1e3:5").toString("base64url"),
        Buffer.from("rules-end:-1:5").toString("base64url"),
        "x",
      ];
      for (const cursor of cursors) {
        expect(await codeOf(store.rules.listRules({ sort: "end", limit: 1, cursor }))).toBe(
          "invalid",
        );
      }
      const own = await cursorOf({ sort: "end" });
      expect(
        (await store.rules.listRules({ sort: "end", limit: 1, cursor: own })).items,
      ).toHaveLength(1);
      expect(await codeOf(store.rules.listRules({ limit: 1, cursor: own }))).toBe("invalid");
      await store.close();
    });
  });
}
