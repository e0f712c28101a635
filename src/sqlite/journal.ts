/** The journal: one numbered entry for each change, read by everyone who has to hear of it. */
import type { Change } from "../core/revocation/store.ts";
import { parseChangeWords } from "../core/revocation/stored-words.ts";
import type { Connection } from "./connection.ts";

export interface JournalReader {
  /** The newest number ever given, also when its entry has been trimmed. */
  readSeq(): number;
  /** Entries after a number, oldest first; undefined when some of them have been trimmed. */
  readChanges(afterSeq: number, limit: number): readonly Change[] | undefined;
}

export interface JournalWriter {
  /** Inside a transaction of the caller's. @returns the change's number */
  append(change: Omit<Change, "seq">): number;
  /** Forgets entries older than this, but keeps the newest so many. */
  trim(beforeMs: number, keep: number): void;
}

interface JournalRecord {
  readonly seq: number;
  readonly at_ms: number;
  readonly kind: string;
  readonly scope: string;
  readonly subject: string | null;
  readonly rule_id: number | null;
}

export function createJournalReader(connection: Connection): JournalReader {
  const { db } = connection;
  const last = db.query<{ seq: number }, []>(
    "SELECT seq FROM sqlite_sequence WHERE name = 'journal'",
  );
  const oldest = db.query<{ seq: number | null }, []>("SELECT min(seq) AS seq FROM journal");
  const after = db.query<JournalRecord, [number, number]>(
    `SELECT seq, at_ms, kind, scope, subject, rule_id
    FROM journal
    WHERE seq > ?
    ORDER BY seq
    LIMIT ?`,
  );
  const readSeq = () => connection.read(() => last.get()?.seq ?? 0);
  return {
    readSeq,
    readChanges: (afterSeq, limit) =>
      connection.read(() => {
        const records = after.all(afterSeq, limit);
        const first = records[0]?.seq;
        // Numbers are given without gaps, so a gap, or a number not given yet, is another history.
        if (first === undefined) return afterSeq === readSeq() ? [] : undefined;
        if (first !== afterSeq + 1 && (oldest.get()?.seq ?? 0) > afterSeq + 1) return undefined;
        return records.map(parseChange);
      }),
  };
}

export function createJournalWriter(connection: Connection): JournalWriter {
  const { db } = connection;
  const insert = db.query<{ seq: number }, [number, string, string, string | null, number | null]>(
    `INSERT INTO journal (at_ms, kind, scope, subject, rule_id)
    VALUES (?, ?, ?, ?, ?)
    RETURNING seq`,
  );
  const trim = db.query<unknown, [number, number]>(
    `DELETE FROM journal
    WHERE at_ms < ?
      AND seq <= (SELECT seq FROM sqlite_sequence WHERE name = 'journal') - ?`,
  );
  return {
    append: (change) => {
      const { atMs, kind, scope, subject, ruleId } = change;
      const row = insert.get(atMs, kind, scope, subject ?? null, ruleId ?? null);
      if (row === null) throw new TypeError("the journal gave no number");
      return row.seq;
    },
    trim: (beforeMs, keep) => {
      trim.run(beforeMs, keep);
    },
  };
}

function parseChange(record: JournalRecord): Change {
  return {
    ...parseChangeWords(record.kind, record.scope),
    seq: record.seq,
    atMs: record.at_ms,
    subject: record.subject ?? undefined,
    ruleId: record.rule_id ?? undefined,
  };
}
