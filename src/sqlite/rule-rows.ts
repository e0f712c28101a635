/** Reads rules for the judging path: prepared statements, small rows, nothing parsed. */
import type { Statement } from "bun:sqlite";
import type {
  KeyRow,
  LadderRow,
  RuleRow,
  RuleRows,
  SubjectEntries,
} from "../core/revocation/rule-rows.ts";
import type { Change } from "../core/revocation/store.ts";
import type { Connection } from "./connection.ts";
import { createJournalReader, type JournalReader } from "./journal.ts";

interface RuleRecord {
  readonly id: number;
  readonly subject: string | null;
  readonly issuer: string | null;
  readonly text: string;
  readonly format: number;
  readonly expire_at: number;
  readonly import_id: number;
}

const RULE_COLUMNS = `
  SELECT rule.id, subject.name AS subject, rule.issuer, rule.text, rule.format,
    rule.expire_at, rule.import_id
  FROM rule
  LEFT JOIN subject ON subject.id = rule.subject_id`;

export function createRuleRows(connection: Connection): RuleRows {
  return new SqliteRuleRows(connection);
}

class SqliteRuleRows implements RuleRows {
  readonly #connection: Connection;
  readonly #journal: JournalReader;
  readonly #epoch: Statement<{ value: string }, []>;
  readonly #hidden: Statement<{ id: number }, []>;
  readonly #rule: Statement<RuleRecord, [number]>;
  readonly #formerRule: Statement<RuleRecord, [number]>;
  readonly #globals: Statement<RuleRecord, [number, number]>;
  readonly #unreadable: Statement<RuleRecord, []>;
  readonly #tally: Statement<{ count: number }, [string]>;
  readonly #subjectId: Statement<{ id: number }, [string]>;
  readonly #keys: Statement<unknown, [number, number]>;
  readonly #ladders: Statement<unknown, [number, number]>;
  readonly #byKey: Statement<{ rule_id: number }, [number, number]>;
  readonly #nextLadder: Statement<{ shape_id: number }, [number, number, number]>;
  readonly #ladder: Statement<{ rule_id: number }, [number, number, number, number, number]>;

  constructor(connection: Connection) {
    const { db } = connection;
    this.#connection = connection;
    this.#journal = createJournalReader(connection);
    this.#epoch = db.query("SELECT value FROM setting WHERE name = 'epoch'");
    this.#hidden = db.query("SELECT id FROM rule_import WHERE state <> 1");
    this.#rule = db.query(`${RULE_COLUMNS} WHERE rule.id = ? AND rule.state = 0`);
    this.#formerRule = db.query(`${RULE_COLUMNS} WHERE rule.id = ?`);
    this.#globals = db.query(
      `${RULE_COLUMNS}
      WHERE rule.subject_id IS NULL AND rule.id > ? AND rule.state = 0
      ORDER BY rule.id
      LIMIT ?`,
    );
    this.#unreadable = db.query(`${RULE_COLUMNS} WHERE rule.state = 0 AND rule.format <> 1`);
    this.#tally = db.query("SELECT count FROM tally WHERE name = ?");
    this.#subjectId = db.query("SELECT id FROM subject WHERE name = ?");
    this.#keys = db.query(
      `SELECT hash, rule_id
      FROM rule_key
      WHERE subject_id = ?
      ORDER BY hash, rule_id
      LIMIT ?`,
    );
    this.#ladders = db.query(
      `SELECT guard, shape_id, rule_id
      FROM rule_ladder
      WHERE subject_id = ? AND rank = 0
      ORDER BY guard, shape_id, strength DESC, rule_id
      LIMIT ?`,
    );
    this.#byKey = db.query("SELECT rule_id FROM rule_key WHERE subject_id = ? AND hash = ?");
    this.#nextLadder = db.query(
      `SELECT shape_id
      FROM rule_ladder
      WHERE subject_id = ? AND rank = 0 AND guard = ? AND shape_id > ?
      ORDER BY shape_id
      LIMIT 1`,
    );
    this.#ladder = db.query(
      `SELECT rule_id
      FROM rule_ladder
      WHERE subject_id = ? AND rank = 0 AND guard = ? AND shape_id = ?
      ORDER BY strength DESC, rule_id
      LIMIT ? OFFSET ?`,
    );
  }

  readEpoch(): string {
    return this.#connection.read(() => this.#epoch.get()?.value ?? "");
  }

  readSeq(): number {
    return this.#journal.readSeq();
  }

  readChanges(afterSeq: number, limit: number): readonly Change[] | undefined {
    return this.#journal.readChanges(afterSeq, limit);
  }

  readHiddenImports(): ReadonlySet<number> {
    return this.#connection.read(() => new Set(this.#hidden.all().map(({ id }) => id)));
  }

  readRule(id: number): RuleRow | undefined {
    return this.#connection.read(() => toRow(this.#rule.get(id)));
  }

  readFormerRule(id: number): RuleRow | undefined {
    return this.#connection.read(() => toRow(this.#formerRule.get(id)));
  }

  readGlobalRules(afterId: number, limit: number): readonly RuleRow[] {
    return this.#connection.read(() => this.#globals.all(afterId, limit).flatMap(toRows));
  }

  readUnreadable(): readonly RuleRow[] {
    return this.#connection.read(() => this.#unreadable.all().flatMap(toRows));
  }

  countSubjectRules(): number {
    return this.#connection.read(() => this.#tally.get("subject")?.count ?? 0);
  }

  usesDigest(): boolean {
    return this.#connection.read(() => (this.#tally.get("digest")?.count ?? 0) > 0);
  }

  findSubjectId(subject: string): number | undefined {
    return this.#connection.read(() => this.#subjectId.get(subject)?.id);
  }

  readSubjectEntries(subjectId: number, limit: number): SubjectEntries | undefined {
    return this.#connection.read(() => {
      const keys = parseKeyRows(this.#keys.values(subjectId, limit + 1));
      if (keys.length > limit) return undefined;
      const ladders = parseLadderRows(this.#ladders.values(subjectId, limit + 1));
      return ladders.length > limit ? undefined : { keys, ladders };
    });
  }

  findByKey(subjectId: number, key: number): readonly number[] {
    return this.#connection.read(() => this.#byKey.all(subjectId, key).map((row) => row.rule_id));
  }

  nextLadder(subjectId: number, guard: number, afterShapeId: number): number | undefined {
    return this.#connection.read(
      () => this.#nextLadder.get(subjectId, guard, afterShapeId)?.shape_id,
    );
  }

  readLadder(
    subjectId: number,
    guard: number,
    shapeId: number,
    offset: number,
    limit: number,
  ): readonly number[] {
    return this.#connection.read(() =>
      this.#ladder.all(subjectId, guard, shapeId, limit, offset).map((row) => row.rule_id),
    );
  }
}

// The columns are INTEGER NOT NULL in STRICT tables: SQLite has checked what TypeScript cannot.
function parseKeyRows(rows: unknown): readonly KeyRow[] {
  return rows as readonly KeyRow[];
}

function parseLadderRows(rows: unknown): readonly LadderRow[] {
  return rows as readonly LadderRow[];
}

function toRows(record: RuleRecord): readonly RuleRow[] {
  const row = toRow(record);
  return row === undefined ? [] : [row];
}

function toRow(record: RuleRecord | null): RuleRow | undefined {
  if (record === null) return undefined;
  const { id, text, format } = record;
  return {
    id,
    subject: record.subject ?? undefined,
    issuer: record.issuer ?? undefined,
    text,
    format,
    expireAt: record.expire_at,
    importId: record.import_id,
  };
}
