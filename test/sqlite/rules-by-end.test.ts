/** Rules by their end on SQLite: as any store lists them, and without going through all of them. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openStore } from "../../src/sqlite/open-store.ts";
import { describeRulesByEnd } from "../contract/rules-by-end.ts";
import { nowMs, useFolder } from "./store-fixture.ts";

const folder = useFolder();

describeRulesByEnd("rules by their end", (clock) => openStore(folder(), { nowMs: clock }));

describe("the list by end", () => {
  test("is read from an index, from any place on", async () => {
    const path = folder();
    const store = await openStore(path, { nowMs });
    await store.close();
    const db = new Database(join(path, "haproxy-jwt.db"), { readonly: true });
    const planOf = (condition: string) =>
      db
        .query<{ detail: string }, []>(
          `EXPLAIN QUERY PLAN
          SELECT id FROM rule
          WHERE ${condition} (rule.ends, rule.id) > (5, 5)
          ORDER BY rule.ends, rule.id
          LIMIT 50`,
        )
        .all()
        .map(({ detail }) => detail)
        .join("; ");
    expect(planOf("")).toMatch(/SEARCH rule USING (COVERING )?INDEX rule_by_end \(ends>\?\)/);
    expect(planOf("rule.state > 0 AND")).toContain("rule_past_by_end (ends>?)");
    expect(planOf("")).not.toContain("TEMP B-TREE");
    db.close();
  });
});
