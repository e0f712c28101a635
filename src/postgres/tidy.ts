/** Clears away what has served: ended rules, old history, imports that were given up. */
import type { Sql } from "./database.ts";
import { KEPT_SECONDS } from "./once.ts";
import { change, changeAlone, type Parts } from "./parts.ts";
import { ENDED } from "../core/revocation/stored-records.ts";
import { endImport } from "./rule-import.ts";

/** Rows handled in one transaction. */
const CHUNK = 1000;
const DAY_SECONDS = 86_400;

export interface RetentionTimes {
  /** How long a lifted or ended rule is kept; its audit rows stay. */
  readonly historySeconds: number;
  /** How long the journal is kept, beyond its newest entries. */
  readonly journalSeconds: number;
  readonly journalEntries: number;
  /** How long nothing may have been staged before an import counts as given up. */
  readonly importSeconds: number;
}

export const RETENTION_DEFAULTS: RetentionTimes = {
  historySeconds: 400 * DAY_SECONDS,
  journalSeconds: 7 * DAY_SECONDS,
  journalEntries: 100_000,
  importSeconds: 3600,
};

/**
 * One round; every node calls it now and then, and what another has done is not there any more.
 *
 * @param earliestNowMs the caller's time, by which the database's is bounded: one wrong clock must not
 *   end rules for all
 * @throws AppError unavailable
 */
export async function tidy(
  parts: Parts,
  earliestNowMs: number,
  times: RetentionTimes = RETENTION_DEFAULTS,
): Promise<void> {
  const nowMs = await parts.database.read((sql) => readEarlierNow(sql, earliestNowMs));
  const nowSeconds = Math.floor(nowMs / 1000);
  await inPieces(() => sweepEnded(parts, nowSeconds));
  await inPieces(() => purgePast(parts, nowSeconds - times.historySeconds));
  await endAbandoned(parts, times.importSeconds);
  await change(parts, async (sql) => {
    await sql`DELETE FROM once WHERE at <= ${nowSeconds - KEPT_SECONDS}::bigint`;
    await sql`DELETE FROM attempt WHERE at_ms < ${nowMs - DAY_SECONDS * 1000}::float8`;
    await sql`DELETE FROM session WHERE last_seen_at < ${nowSeconds - DAY_SECONDS}::bigint`;
    await trimJournal(sql, nowMs - times.journalSeconds * 1000, times.journalEntries);
  });
}

async function readEarlierNow(sql: Sql, callersMs: number): Promise<number> {
  const [row] = await sql<{ now: number }[]>`
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`;
  return Math.min(row?.now ?? 0, callersMs);
}

async function inPieces(piece: () => Promise<number>): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- small transactions, one after the other
  while ((await piece()) === CHUNK);
}

/** Marks rules whose time is over; until then each node skips them when it meets them. */
async function sweepEnded(parts: Parts, nowSeconds: number): Promise<number> {
  const due = await parts.database.read(
    (sql) => sql`
      SELECT 1 FROM rule
      WHERE state = 0 AND expire_at > 0 AND expire_at <= ${nowSeconds}::bigint
        AND (import_id = 0 OR import_id NOT IN (SELECT id FROM rule_import WHERE state <> 1))
      LIMIT 1`,
  );
  if (due.length === 0) return 0;
  return changeAlone(parts, async (sql) => {
    const ended = await sql<{ subject: string | null }[]>`
      UPDATE rule
      SET state = ${ENDED}::int2, ended_at = expire_at
      WHERE id IN (
        SELECT id
        FROM rule
        WHERE state = 0 AND expire_at > 0 AND expire_at <= ${nowSeconds}::bigint
          AND (import_id = 0 OR import_id NOT IN (SELECT id FROM rule_import WHERE state <> 1))
        ORDER BY expire_at
        LIMIT ${CHUNK}
      )
      RETURNING subject`;
    const globals = ended.filter(({ subject }) => subject === null).length;
    await sql`
      UPDATE tally
      SET count = count + CASE name
        WHEN 'global' THEN ${-globals}::bigint
        WHEN 'subject' THEN ${globals - ended.length}::bigint
        ELSE ${ended.length}::bigint
      END
      WHERE name IN ('global', 'subject', 'ended')`;
    return ended.length;
  });
}

/** Forgets rules that went out of force before a time. */
async function purgePast(parts: Parts, beforeSeconds: number): Promise<number> {
  const due = await parts.database.read(
    (sql) =>
      sql`SELECT 1 FROM rule WHERE state > 0 AND ended_at < ${beforeSeconds}::bigint LIMIT 1`,
  );
  if (due.length === 0) return 0;
  return changeAlone(parts, async (sql) => {
    const gone = await sql<{ state: number }[]>`
      DELETE FROM rule
      WHERE id IN (
        SELECT id
        FROM rule
        WHERE state > 0 AND ended_at < ${beforeSeconds}::bigint
        ORDER BY ended_at
        LIMIT ${CHUNK}
      )
      RETURNING state::int4`;
    const ended = gone.filter(({ state }) => state === ENDED).length;
    await sql`
      UPDATE tally
      SET count = count - CASE name
        WHEN 'ended' THEN ${ended}::bigint
        ELSE ${gone.length - ended}::bigint
      END
      WHERE name IN ('ended', 'lifted')`;
    return gone.length;
  });
}

async function endAbandoned(parts: Parts, importSeconds: number): Promise<void> {
  const abandoned = await parts.database.read(
    (sql) => sql<{ id: number }[]>`
      SELECT id::float8
      FROM rule_import
      WHERE state = 2
        OR (state = 0 AND touched_at < clock_timestamp() - make_interval(secs => ${importSeconds}::float8))`,
  );
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (const { id } of abandoned) await endImport(parts, id);
}

/** A follower that has not come so far takes a fresh snapshot. */
async function trimJournal(sql: Sql, beforeMs: number, keep: number): Promise<void> {
  await sql`
    DELETE FROM journal
    WHERE at_ms < ${beforeMs}::float8 AND seq <= (SELECT seq FROM store) - ${keep}::bigint`;
}
