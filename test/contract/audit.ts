/** What any store's audit tells of rules: whose tokens each is about, found by the rule and by whose. */
import { describe, expect, test } from "bun:test";
import type { AuditQuery, RuleStore } from "../../src/core/revocation/store.ts";
import { ACTOR, ruleOf } from "../sqlite/store-fixture.ts";

export interface OpenedRules {
  readonly rules: Pick<
    RuleStore,
    "addRule" | "liftRule" | "beginImport" | "listAudit" | "appendAudit"
  >;
  readonly close: () => Promise<void>;
}

const RULE = '{"iat":{"lte":10}}';

async function rowsOf({ rules }: OpenedRules, query: Partial<AuditQuery>) {
  const { items } = await rules.listAudit({ ...query, limit: 20 });
  return items.map(({ action, target, subject }) => [action, target, subject]);
}

/** Declares the tests of one kind of store. */
export function describeAudit(name: string, open: () => Promise<OpenedRules>): void {
  /** Rule 1 is bob's, 2 of the first import and carol's, 3 everybody's, 4 bob's, of the second. */
  async function openFilled() {
    const store = await open();
    const { rules } = store;
    const take = async (subject: string, source: string) => {
      const staged = await rules.beginImport(ACTOR, source);
      await staged.stage([{ line: 1, rule: ruleOf(subject, RULE) }]);
      await staged.commit();
    };
    await rules.addRule(ruleOf("bob", RULE), ACTOR);
    await take("carol", "one.jsonl");
    await rules.addRule(ruleOf(undefined, RULE), ACTOR);
    await take("bob", "two.jsonl");
    await rules.liftRule(1, "a mistake", ACTOR);
    const named = { reason: undefined, outcome: "done" } as const;
    for (const target of ["bob", "1"]) {
      await rules.appendAudit({ ...named, action: "person.role", target }, ACTOR);
    }
    return store;
  }

  describe(name, () => {
    test("names whose tokens a rule is about", async () => {
      const store = await openFilled();
      expect(await rowsOf(store, {})).toEqual([
        ["person.role", "1", undefined],
        ["person.role", "bob", undefined],
        ["rule.lift", "1", "bob"],
        ["rule.import", "2", undefined],
        ["rule.add", "3", undefined],
        ["rule.import", "1", undefined],
        ["rule.add", "1", "bob"],
      ]);
      await store.close();
    });

    test("finds by a name what was done to its bearer's rules, page by page", async () => {
      const store = await openFilled();
      const wanted = [
        ["person.role", "bob"],
        ["rule.lift", "1"],
        ["rule.import", "2"],
        ["rule.add", "1"],
      ];
      const found: (readonly string[])[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.rules.listAudit({ target: "bob", limit: 1, cursor });
        found.push(...page.items.map(({ action, target }) => [action, target]));
        ({ cursor } = page);
      } while (cursor !== undefined);
      expect(found).toEqual(wanted);
      expect(await rowsOf(store, { target: "bob", action: "rule.add" })).toHaveLength(1);
      expect(await rowsOf(store, { target: "dora" })).toEqual([]);
      await store.close();
    });

    test("counts an import's rules, one as one", async () => {
      const store = await openFilled();
      const { items } = await store.rules.listAudit({ action: "rule.import", limit: 1 });
      expect(items[0]?.reason).toBe("1 rule from two.jsonl");
      await store.close();
    });

    const HISTORIES = [
      ["of what was done to it alone", 1, ["rule.lift 1", "rule.add 1"]],
      ["of the import it came by", 2, ["rule.import 1"]],
      ["of another number's import not", 3, ["rule.add 3"]],
      ["of a rule that never was", 9, []],
    ] as const;
    test.each(HISTORIES)("tells a rule's history: %s", async (_, rule, wanted) => {
      const store = await openFilled();
      const rows = await rowsOf(store, { rule });
      expect(rows.map(([action, target]) => `${action} ${target}`)).toEqual([...wanted]);
      await store.close();
    });
  });
}
