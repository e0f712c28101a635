/** A store as an earlier version left it, opened by this one: each schema there ever was. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openConnection } from "../../src/sqlite/connection.ts";
import { migrate, MIGRATIONS, readVersion } from "../../src/sqlite/migrate.ts";
import { openStore } from "../../src/sqlite/open-store.ts";
import { ACTOR, claims, NOW, nowMs, ruleOf, useFolder } from "./store-fixture.ts";

const RULE = '{"iat":{"lte":10}}';

/** What takes a schema back to the one before it. No version does this: it stands for a store that is that old. */
const STEPS_BACK: readonly string[] = [
  "",
  "DROP INDEX rule_by_end; DROP INDEX rule_past_by_end; ALTER TABLE rule DROP COLUMN ends;",
  "ALTER TABLE rule_import DROP COLUMN seq;",
];

function schemaOf(path: string) {
  const connection = openConnection(path);
  const rows = connection.db
    .query<{ name: string; sql: string | null }, []>(
      "SELECT name, sql FROM sqlite_schema ORDER BY name",
    )
    .all();
  const version = readVersion(connection);
  connection.close();
  return { version, rows: rows.map(({ name, sql }) => [name, sql?.replaceAll(/\s+/g, " ")]) };
}

describe.each(MIGRATIONS.slice(1).map((_, index) => ({ schema: index + 1 })))(
  "a store of schema $schema",
  ({ schema }) => {
    const folder = useFolder();
    const makeOld = async (): Promise<string> => {
      const path = folder();
      const store = await openStore(path, { nowMs });
      await store.rules.addRule(ruleOf("bob", RULE, { expireAt: NOW + 60 }), ACTOR);
      await store.rules.addRule(ruleOf("amy", RULE), ACTOR);
      await store.close();
      const connection = openConnection(join(path, "haproxy-jwt.db"));
      for (let at = MIGRATIONS.length; at > schema; at -= 1) {
        connection.db.run(STEPS_BACK[at - 1] ?? "");
      }
      connection.db.run(`PRAGMA user_version = ${schema}`);
      connection.close();
      return path;
    };

    test("is what that version made, but for the rules in it", async () => {
      const path = join(await makeOld(), "haproxy-jwt.db");
      const fresh = join(folder(), "fresh.db");
      const connection = openConnection(fresh);
      await migrate(connection, MIGRATIONS.slice(0, schema));
      connection.close();
      expect(schemaOf(path)).toEqual(schemaOf(fresh));
    });

    test("opens as if it had always been of this one, with all that was in it", async () => {
      const path = await makeOld();
      const store = await openStore(path, { nowMs });
      expect(await store.check()).toEqual([]);
      const listed = await store.rules.listRules({ limit: 10, sort: "end", order: "asc" });
      expect(listed.items.map(({ scope }) => scope)).toMatchObject([
        { subject: "bob" },
        { subject: "amy" },
      ]);
      const bob = claims('{"username":"bob","iat":1}');
      expect(store.index.findMatch(bob, ["bob"], undefined, NOW)).toBeDefined();
      await store.rules.addRule(ruleOf("eve", RULE), ACTOR);
      await store.close();
      const fresh = join(folder(), "fresh.db");
      const connection = openConnection(fresh);
      await migrate(connection);
      connection.close();
      expect(schemaOf(join(path, "haproxy-jwt.db"))).toEqual(schemaOf(fresh));
    });
  },
);
