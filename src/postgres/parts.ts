/** What the sides of the store on PostgreSQL share: the database, and how changes are made. */
import type { Actor, AuditEntry, Change, Place } from "../core/revocation/store.ts";
import type { Database, Sql } from "./database.ts";
import { readHistory, type RuleContent } from "./journal.ts";
import { toPayload } from "./notice.ts";
import { checkDurability, readDurability } from "./durability.ts";

/** The one lock under which the journal grows; nodes' leases are renewed under it, shared. */
export const JOURNAL_LOCK = 5_469_748;

/** Woken at each change of the journal; a notice may carry it. */
export const JOURNAL_CHANNEL = "haproxy_jwt_journal";

export interface Parts {
  readonly database: Database;
  readonly isSingle: boolean;
  readonly nowMs: () => number;
  /** Called once this process has changed the journal, before the change is answered. */
  readonly onWritten: (seq: number) => Promise<void>;
}

/**
 * Makes a change in one transaction, alone: while it runs nobody else changes rules or people, so that
 * the journal's order is the order of commits.
 *
 * @throws AppError unavailable, with nothing changed; unknown; whatever `work` refuses
 */
export function changeAlone<T>(parts: Parts, work: (sql: Sql) => Promise<T>): Promise<T> {
  return parts.database.transaction(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(${JOURNAL_LOCK})`;
    checkDurability(await readDurability(sql), parts.isSingle);
    return work(sql);
  });
}

/** Makes a change in one transaction beside others'. @throws AppError unavailable, unknown */
export function change<T>(parts: Parts, work: (sql: Sql) => Promise<T>): Promise<T> {
  return parts.database.transaction(async (sql) => {
    checkDurability(await readDurability(sql), parts.isSingle);
    return work(sql);
  });
}

/** Inside `changeAlone`. @returns the change's number, the last one's and one, and which history it is of */
export async function appendJournal(
  sql: Sql,
  entry: Omit<Change, "seq"> & { readonly importId?: number; readonly rule?: RuleContent },
): Promise<Place> {
  const { atMs, kind, scope, subject, ruleId, importId, rule } = entry;
  const [row] = await sql<{ seq: number }[]>`
    WITH next AS (
      UPDATE store SET seq = seq + 1 RETURNING seq
    )
    INSERT INTO journal (seq, at_ms, kind, scope, subject, rule_id, import_id)
    SELECT seq, ${atMs}::float8, ${kind}, ${scope}, ${subject ?? null}::text,
      ${ruleId ?? null}::bigint, ${importId ?? null}::bigint
    FROM next
    RETURNING seq::float8 AS seq`;
  if (row === undefined) throw new TypeError("the journal gave no number");
  const { seq } = row;
  const { epoch, noticeKey } = await readHistory(sql);
  const noted = { seq, atMs, kind, scope, subject, ruleId, importId, rule };
  const payload = toPayload({ epoch, entry: noted }, noticeKey);
  await sql`SELECT pg_notify(${JOURNAL_CHANNEL}, ${payload})`;
  return { seq, epoch };
}

/** Inside the transaction of the change it tells of. */
export async function appendAudit(
  sql: Sql,
  entry: AuditEntry,
  actor: Actor,
  atMs: number,
): Promise<void> {
  const { action, target, reason, outcome, detail } = entry;
  await sql`
    INSERT INTO audit (at_ms, who, via, origin, action, target, reason, outcome, detail)
    VALUES (${atMs}::float8, ${actor.who}, ${actor.via}, ${actor.from}, ${action}, ${target},
      ${reason ?? null}::text, ${outcome}, ${detail ?? null}::text)`;
}
