/** Gives the store another identity, where it turns out to have lost part of its history. */
import type { Database } from "./database.ts";
import { JOURNAL_LOCK } from "./parts.ts";

/**
 * Makes it another store for everyone, unless its journal has come to a number after all, or another
 * node has done so.
 *
 * @param storeId the identity under which it has lost something
 * @param seenSeq a number that its journal has had, for certain
 * @throws AppError unavailable, unknown
 */
export async function renewStoreId(
  database: Database,
  storeId: string,
  seenSeq: number,
): Promise<void> {
  await database.transaction(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(${JOURNAL_LOCK})`;
    await sql`
      UPDATE store 
      SET id = gen_random_uuid()
      WHERE id = ${storeId}::text::uuid AND seq < ${seenSeq}::bigint`;
  });
}
