/** Brings a database to this version's schema, one transaction a step; a newer one is refused. */
import type { Connection } from "./connection.ts";
import { AppError } from "../core/app-error.ts";
import first from "./migrations/0001.sql" with { type: "text" };
import second from "./migrations/0002.sql" with { type: "text" };
import third from "./migrations/0003.sql" with { type: "text" };

/** Step n makes schema n out of schema n - 1. Steps that were released are never edited. */
export const MIGRATIONS: readonly string[] = [first, second, third];

/**
 * @returns the schema's version before and after
 * @throws AppError conflict for a database of a newer version; unavailable
 */
export async function migrate(
  connection: Connection,
  migrations: readonly string[] = MIGRATIONS,
): Promise<{ readonly from: number; readonly to: number }> {
  const from = readVersion(connection);
  if (from > migrations.length) {
    throw new AppError(
      "conflict",
      `the data is of a newer version (schema ${from}, this one knows ${migrations.length}); it was left as it is`,
    );
  }
  for (let version = from + 1; version <= migrations.length; version++) {
    const sql = migrations[version - 1] ?? "";
    await connection.write(() => {
      connection.db.run(sql);
      connection.db.run(`PRAGMA user_version = ${version}`);
    });
  }
  return { from, to: migrations.length };
}

export function readVersion(connection: Connection): number {
  return connection.read(
    () =>
      connection.db.query<{ user_version: number }, []>("PRAGMA user_version").get()
        ?.user_version ?? 0,
  );
}
