/** Clears away what has served: ended rules, old history, imports that were given up. */
import type { Parts } from "./parts.ts";
import { ENDED } from "../core/revocation/stored-records.ts";
import { GIVEN_UP, RULE_RECORD, type RuleRecord } from "./rule-table.ts";

/** Rows handled in one transaction: a few milliseconds. */
const CHUNK = 200;

const DAY_SECONDS = 86_400;

export interface RetentionTimes {
  /** How long a lifted or ended rule is kept; its audit rows stay. */
  readonly historySeconds: number;
  /** How long the journal is kept, beyond its newest entries. */
  readonly journalSeconds: number;
  readonly journalEntries: number;
}

export const RETENTION_DEFAULTS: RetentionTimes = {
  historySeconds: 400 * DAY_SECONDS,
  journalSeconds: 7 * DAY_SECONDS,
  journalEntries: 100_000,
};

/** One round; to be called now and then. @throws AppError unavailable */
export async function tidy(
  parts: Parts,
  nowMs: number,
  times: RetentionTimes = RETENTION_DEFAULTS,
): Promise<void> {
  const nowSeconds = Math.floor(nowMs / 1000);
  await sweepEnded(parts, nowSeconds);
  await purgePast(parts, nowSeconds - times.historySeconds);
  const { db } = parts.connection;
  const attempts = db.query<unknown, [number]>("DELETE FROM attempt WHERE at_ms < ?");
  const sessions = db.query<unknown, [number]>("DELETE FROM session WHERE last_seen_at < ?");
  for (const importId of parts.abandoned.splice(0)) await endImport(parts, importId);
  await parts.connection.write(() => {
    parts.once.sweep(nowSeconds);
    attempts.run(nowMs - DAY_SECONDS * 1000);
    sessions.run(nowSeconds - DAY_SECONDS);
    parts.journalWriter.trim(nowMs - times.journalSeconds * 1000, times.journalEntries);
  });
}

/** Takes rules whose time is over out of the index; until then they are skipped when met. */
async function sweepEnded(parts: Parts, nowSeconds: number): Promise<void> {
  const { connection, index, pause, table } = parts;
  const ended = connection.db.query<RuleRecord, [number, number]>(
    `${RULE_RECORD}
    WHERE rule.state = 0 AND rule.expire_at > 0 AND rule.expire_at <= ?
    ORDER BY rule.expire_at
    LIMIT ?`,
  );
  for (;;) {
    const records = await connection.write(() => {
      const hidden = parts.rows.readHiddenImports();
      const records = ended
        .all(nowSeconds, CHUNK)
        .filter((record) => !hidden.has(record.import_id));
      for (const record of records) table.end(record, ENDED, record.expire_at);
      return records;
    });
    index.drop(records.filter((record) => record.subject_id === null).map((record) => record.id));
    if (records.length < CHUNK) return;
    await pause();
  }
}

/** Forgets rules that went out of force before a time. */
async function purgePast(parts: Parts, beforeSeconds: number): Promise<void> {
  const { connection, pause, table } = parts;
  const past = connection.db.query<{ id: number; state: number }, [number, number]>(
    `SELECT id, state
    FROM rule
    WHERE state > 0 AND ended_at < ?
    ORDER BY ended_at
    LIMIT ?`,
  );
  const drop = connection.db.query<unknown, [number]>("DELETE FROM rule WHERE id = ?");
  for (;;) {
    const rows = connection.read(() => past.all(beforeSeconds, CHUNK));
    if (rows.length === 0) return;
    await connection.write(() => {
      for (const { id, state } of rows) {
        drop.run(id);
        if (state !== GIVEN_UP) table.tally(state === ENDED ? "ended" : "lifted", -1);
      }
    });
    await pause();
  }
}

/** Gives up a staged import and takes its rules away, piece by piece. */
export async function endImport(parts: Parts, importId: number): Promise<void> {
  const { connection, index, pause, table } = parts;
  const rulesOf = connection.db.query<RuleRecord, [number, number, number]>(
    `${RULE_RECORD}
    WHERE rule.id > ? AND rule.state = 0 AND rule.import_id = ?
    ORDER BY rule.id
    LIMIT ?`,
  );
  const giveUp = connection.db.query<unknown, [number]>(
    "UPDATE rule_import SET state = 2 WHERE id = ? AND state = 0",
  );
  const start = connection.db.query<{ after_rule_id: number }, [number]>(
    "SELECT after_rule_id FROM rule_import WHERE id = ?",
  );
  let after = connection.read(() => start.get(importId)?.after_rule_id ?? 0);
  for (;;) {
    const from = after;
    const records = await connection.write(() => {
      const records = rulesOf.all(from, importId, CHUNK);
      for (const record of records) table.end(record, GIVEN_UP, 0);
      return records;
    });
    index.drop(records.filter((record) => record.subject_id === null).map((record) => record.id));
    after = records.at(-1)?.id ?? after;
    if (records.length < CHUNK) break;
    await pause();
  }
  // Last: while one of its rules is left, the import is still to be given up.
  await connection.write(() => giveUp.run(importId));
  index.takeInStaged([]);
}
