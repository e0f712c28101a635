/** Brings the database to this version's schema, one transaction a step; a newer one is refused. */
import { AppError } from "../core/app-error.ts";
import type { Database, Sql } from "./database.ts";
import first from "./migrations/0001.sql" with { type: "text" };
import second from "./migrations/0002.sql" with { type: "text" };

/** Step n makes schema n out of schema n - 1. Steps that were released are never edited. */
const MIGRATIONS: readonly string[] = [first, second];

/** Nodes that start at once take turns. */
const MIGRATION_LOCK = 5_469_747;

/** @throws AppError conflict for a database of a newer version; unavailable */
export async function migrate(database: Database): Promise<void> {
  await database.transaction(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`;
    // Only where it is missing: a user who may not make schemas can be given one.
    const [schema] = await sql`SELECT 1 FROM pg_namespace WHERE nspname = 'haproxy_jwt'`;
    if (schema === undefined) await sql`CREATE SCHEMA haproxy_jwt`;
    const from = await readVersion(sql);
    if (from > MIGRATIONS.length) {
      throw new AppError(
        "conflict",
        `the database is of a newer version (schema ${from}, this one knows ${MIGRATIONS.length}); it was left as it is`,
      );
    }
    for (const [at, text] of MIGRATIONS.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- each step builds on the one before
      if (at >= from) await sql.unsafe(text);
    }
    await sql`UPDATE schema_version SET version = ${MIGRATIONS.length} WHERE version < ${MIGRATIONS.length}`;
  });
}

async function readVersion(sql: Sql): Promise<number> {
  const [found] =
    await sql`SELECT 1 FROM pg_tables WHERE schemaname = 'haproxy_jwt' AND tablename = 'schema_version'`;
  if (found === undefined) {
    await sql`CREATE TABLE haproxy_jwt.schema_version (version integer NOT NULL)`;
    await sql`INSERT INTO haproxy_jwt.schema_version (version) VALUES (0)`;
  }
  const [row] = await sql<{ version: number }[]>`SELECT version FROM haproxy_jwt.schema_version`;
  return row?.version ?? 0;
}
