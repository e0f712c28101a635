/** Remembers what a request with an idempotency key has done, so that doing it again does nothing. */
import { AppError } from "../core/app-error.ts";
import type { Once, Written } from "../core/revocation/store.ts";
import type { Sql } from "./database.ts";

/** How long a key is remembered. */
export const KEPT_SECONDS = 86_400;

/** What the key has done already; inside `changeAlone`. @throws AppError conflict when it was for something else */
export async function findOnce(
  sql: Sql,
  once: Once | undefined,
  nowSeconds: number,
): Promise<Written | undefined> {
  if (once === undefined) return undefined;
  // Written, not only read: what is seen here may not have reached the standby yet, and this answer is
  // as good as the first one only once its own commit has.
  const [record] = await sql<{ request_hash: string; rule_id: number; seq: number }[]>`
    UPDATE once
    SET at = at
    WHERE who = ${once.who} AND key = ${once.key} AND at > ${nowSeconds - KEPT_SECONDS}::bigint
    RETURNING request_hash, rule_id::float8, seq::float8`;
  if (record === undefined) return undefined;
  if (record.request_hash !== once.requestHash) {
    throw new AppError("conflict", "the idempotency key was used for another request");
  }
  return { id: record.rule_id, seq: record.seq, replayed: true };
}

/** Inside the change that was made. */
export async function keepOnce(
  sql: Sql,
  once: Once | undefined,
  { id, seq }: Written,
  nowSeconds: number,
): Promise<void> {
  if (once === undefined) return;
  await sql`
    INSERT INTO once (who, key, request_hash, rule_id, seq, at)
    VALUES (${once.who}, ${once.key}, ${once.requestHash}, ${id}::bigint, ${seq}::bigint,
      ${nowSeconds}::bigint)
    ON CONFLICT (who, key) DO UPDATE
    SET request_hash = excluded.request_hash, rule_id = excluded.rule_id, seq = excluded.seq,
      at = excluded.at`;
}
