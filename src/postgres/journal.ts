/** The journal as followers read it: in order, without gaps, and of which history it is. */
import { createHash } from "node:crypto";
import { AppError } from "../core/app-error.ts";
import { parseChangeWords } from "../core/revocation/stored-words.ts";
import type { Change } from "../core/revocation/store.ts";
import type { Sql } from "./database.ts";

/** Where the journal has come to, and which history it is part of. */
export interface Head {
  readonly seq: number;
  /** The same for all nodes; another one after a failover, a restore, another database. */
  readonly epoch: string;
  /** PostgreSQL's number of the history: another one after each promotion. */
  readonly timeline: string;
  readonly storeId: string;
  /** Signs what notices carry. */
  readonly noticeKey: string;
}

export interface RuleContent {
  readonly id: number;
  readonly subject: string | undefined;
  readonly issuer: string | undefined;
  readonly text: string;
  readonly format: number;
  readonly expireAt: number;
}

/** One entry, and the rule that it added. */
export interface JournalEntry extends Change {
  readonly importId: number | undefined;
  readonly rule: RuleContent | undefined;
}

/** The newest number. */
export async function readHead(sql: Sql): Promise<number> {
  const [row] = await sql<{ seq: number }[]>`SELECT seq::float8 AS seq FROM store`;
  return row?.seq ?? 0;
}

/**
 * Reads where the journal is. The history's name is made of everything that tells one from another:
 * the store, the machine's cluster of databases, the table itself (a restored dump makes another), and
 * the timeline, of the moment and not of the last checkpoint.
 *
 * @throws AppError unavailable on a standby
 */
export async function readHistory(sql: Sql): Promise<Head> {
  const [row] = await sql<
    {
      seq: number;
      store: string;
      notice_key: string;
      cluster: string;
      journal: string;
      timeline: string | null;
    }[]
  >`
    SELECT store.seq::float8 AS seq, store.id::text AS store, store.notice_key,
      (SELECT system_identifier::text FROM pg_control_system()) AS cluster,
      'haproxy_jwt.journal'::regclass::oid::text AS journal,
      CASE WHEN pg_is_in_recovery() THEN NULL
        ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END AS timeline
    FROM store`;
  if (row === undefined) throw new AppError("unavailable", "the database holds no store");
  const { seq, store, cluster, journal, timeline } = row;
  if (timeline === null) {
    throw new AppError("unavailable", "the database takes no changes: it is a standby");
  }
  const epoch = createHash("sha256")
    .update([store, cluster, journal, timeline].join(" "))
    .digest("base64url");
  return { seq, epoch, timeline, storeId: store, noticeKey: row.notice_key };
}

/** Changes after a number, oldest first; undefined when some of them have been trimmed, or never were. */
export async function readChanges(
  sql: Sql,
  afterSeq: number,
  limit: number,
): Promise<readonly Change[] | undefined> {
  const entries = await readEntries(sql, afterSeq, limit);
  return entries?.map(({ seq, atMs, kind, scope, subject, ruleId }) => ({
    seq,
    atMs,
    kind,
    scope,
    subject,
    ruleId,
  }));
}

/**
 * Entries after a number with the rules that they added, oldest first.
 *
 * @returns undefined when some of them have been trimmed, or the number is none of this journal's
 */
export async function readEntries(
  sql: Sql,
  afterSeq: number,
  limit: number,
): Promise<readonly JournalEntry[] | undefined> {
  const rows = await sql<JournalRecord[]>`
      SELECT journal.seq::float8 AS seq, journal.at_ms, journal.kind, journal.scope,
        journal.subject, journal.rule_id::float8 AS rule_id, journal.import_id::float8 AS import_id,
        rule.id::float8 AS id, rule.subject AS rule_subject, rule.issuer, rule.text,
        rule.format::int4 AS format, rule.expire_at::float8 AS expire_at
      FROM journal
      LEFT JOIN rule ON rule.id = journal.rule_id AND journal.kind = 'rule_added'
      WHERE journal.seq > ${afterSeq}::bigint
      ORDER BY journal.seq
      LIMIT ${limit}`;
  const first = rows[0]?.seq;
  if (first !== undefined) return first === afterSeq + 1 ? rows.map(toEntry) : undefined;
  const head = await readHead(sql);
  if (head === afterSeq) return [];
  // There is more all the same: committed in between, or trimmed.
  const [next] = await sql`SELECT 1 FROM journal WHERE seq = ${afterSeq + 1}::bigint`;
  return next === undefined ? undefined : [];
}

interface JournalRecord {
  readonly seq: number;
  readonly at_ms: number;
  readonly kind: string;
  readonly scope: string;
  readonly subject: string | null;
  readonly rule_id: number | null;
  readonly import_id: number | null;
  readonly id: number | null;
  readonly rule_subject: string | null;
  readonly issuer: string | null;
  readonly text: string | null;
  readonly format: number | null;
  readonly expire_at: number | null;
}

function toEntry(record: JournalRecord): JournalEntry {
  const { id, text } = record;
  return {
    ...parseChangeWords(record.kind, record.scope),
    seq: record.seq,
    atMs: record.at_ms,
    subject: record.subject ?? undefined,
    ruleId: record.rule_id ?? undefined,
    importId: record.import_id ?? undefined,
    rule:
      id === null || text === null
        ? undefined
        : {
            id,
            subject: record.rule_subject ?? undefined,
            issuer: record.issuer ?? undefined,
            text,
            format: record.format ?? 0,
            expireAt: record.expire_at ?? 0,
          },
  };
}
