/** Small things the store remembers by name. */
import type { AccountStore } from "../core/revocation/accounts.ts";
import type { Parts } from "./parts.ts";

type Settings = Pick<AccountStore, "getSetting" | "setSetting" | "raiseSetting" | "takeSetting">;

/** Kept apart from the store's own settings (epoch …), which nobody else writes. */
const PREFIX = "app.";

/** Settings that `raiseSetting` keeps: a restore never makes them smaller. */
export const GROWING_PREFIX = "max.";

export function createSettings({ connection }: Pick<Parts, "connection">): Settings {
  const { db } = connection;
  const get = db.query<{ value: string }, [string]>("SELECT value FROM setting WHERE name = ?");
  const set = db.query<unknown, [string, string]>(
    "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)",
  );
  const take = db.query<{ name: string }, [string, string]>(
    "DELETE FROM setting WHERE name = ? AND value = ? RETURNING name",
  );
  return {
    getSetting: async (name) => connection.read(() => get.get(PREFIX + name)?.value),
    setSetting: async (name, value) => {
      await connection.write(() => set.run(PREFIX + name, value));
    },
    raiseSetting: async (name, atLeast) =>
      connection.write(() => {
        const known = Number(get.get(GROWING_PREFIX + name)?.value ?? Number.NEGATIVE_INFINITY);
        if (known >= atLeast) return known;
        set.run(GROWING_PREFIX + name, String(atLeast));
        return atLeast;
      }),
    takeSetting: async (name, value) =>
      connection.write(() => take.get(PREFIX + name, value) !== null),
  };
}
