/** Small things that all nodes remember together, by name. */
import type { AccountStore } from "../core/revocation/accounts.ts";
import { change, type Parts } from "./parts.ts";

type Settings = Pick<AccountStore, "getSetting" | "setSetting" | "raiseSetting" | "takeSetting">;

/** Numbers that only grow are kept apart from the others, as in the store on SQLite. */
const PREFIX = "app.";
const GROWING_PREFIX = "max.";

export function createSettings(parts: Parts): Settings {
  return {
    getSetting: async (name) => {
      const [row] = await parts.database.read(
        (sql) => sql<{ value: string }[]>`
          SELECT value FROM setting WHERE name = ${PREFIX + name}`,
      );
      return row?.value;
    },
    setSetting: async (name, value) => {
      await change(parts, async (sql) => {
        await sql`
          INSERT INTO setting (name, value)
          VALUES (${PREFIX + name}, ${value})
          ON CONFLICT (name) DO UPDATE SET value = excluded.value`;
      });
    },
    raiseSetting: async (name, atLeast) =>
      change(parts, async (sql) => {
        const [row] = await sql<{ value: string }[]>`
          INSERT INTO setting (name, value)
          VALUES (${GROWING_PREFIX + name}, ${String(atLeast)})
          ON CONFLICT (name) DO UPDATE
          SET value = greatest(setting.value::float8, excluded.value::float8)::text
          RETURNING value`;
        return Number(row?.value ?? atLeast);
      }),
    takeSetting: async (name, value) =>
      change(parts, async (sql) => {
        const [taken] = await sql`
          DELETE FROM setting
          WHERE name = ${PREFIX + name} AND value = ${value}
          RETURNING name`;
        return taken !== undefined;
      }),
  };
}
