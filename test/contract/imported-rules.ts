/** What any store's import does with the numbers of its rules. */
import { describe, expect, test } from "bun:test";
import type { ImportLine, RuleStore } from "../../src/core/revocation/store.ts";
import { ACTOR, ruleOf } from "../sqlite/store-fixture.ts";

type Rules = Pick<RuleStore, "addRule" | "beginImport" | "getRule" | "liftRule" | "listRules">;

export interface OpenedRules {
  readonly rules: Rules;
  readonly close: () => Promise<void>;
}

const LINES: readonly ImportLine[] = [
  { line: 1, rule: ruleOf("bob", '{"iat":{"lte":10}}') },
  { line: 2, rule: ruleOf("bob", '{"jti":"a"}') },
];

/** Declares the tests of one kind of store. */
export function describeImportedRules(name: string, open: () => Promise<OpenedRules>): void {
  describe(`an imported rule ${name}`, () => {
    test("is numbered by the change that put it in force, until it is lifted", async () => {
      const { rules, close } = await open();
      const staged = await rules.beginImport(ACTOR, "a file");
      await staged.stage(LINES);
      await rules.addRule(ruleOf("carol", '{"jti":"b"}'), ACTOR);
      const { seq } = await staged.commit();
      expect(seq).toBe(2);
      const { items } = await rules.listRules({ limit: 10, sort: "end" });
      expect(items.filter((rule) => rule.seq === seq)).toHaveLength(LINES.length);
      expect(await rules.getRule(1)).toMatchObject({ state: "active", seq });
      const lifted = await rules.liftRule(1, "x", ACTOR);
      expect(lifted.seq).toBe(seq + 1);
      expect(await rules.getRule(1)).toMatchObject({ state: "lifted", seq: seq + 1 });
      expect(await rules.getRule(2)).toMatchObject({ state: "active", seq });
      await close();
    });
  });
}
