/** Reads rules for the judging path: prepared statements, small rows, nothing parsed. */
import type { Statement } from "bun:sqlite";
import type { RuleRow, RuleRows, SubjectEntries } from "../core/revocation/rule-rows.ts";
import type { Change } from "../core/revocation/store.ts";
import type { RuleRecord as StoredRecord } from "../core/revocation/stored-records.ts";
import type { Connection } from "./connection.ts";
import { createJournalReader, type JournalReader } from "./journal.ts";

type RuleRecord = Pick<
  StoredRecord,
  "id" | "subject" | "issuer" | "text" | "format" | "expire_at" | "import_id"
>;

/** Columns as JSON arrays. */
interface KeysRecord {
  readonly count: number;
  readonly keys: string;
  readonly rule_ids: string;
}

interface LaddersRecord {
  readonly count: number;
  readonly guards: string;
  readonly shape_ids: string;
  readonly rungs: string;
  readonly expire_ats: string;
  readonly import_ids: string;
  readonly strengths: string;
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
  readonly #keyPaths: Statement<{ id: number; hash: number }, [number]>;
  readonly #keys: Statement<KeysRecord, [number, number]>;
  readonly #ladders: Statement<LaddersRecord, [number, number]>;
  readonly #byKey: Statement<{ rule_id: number }, [number, number]>;
  readonly #nextLadder: Statement<{ shape_id: number }, [number, number, number]>;
  readonly #ladder: Statement<{ rung: number }, [number, number, number, number, number]>;

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
    this.#keyPaths = db.query("SELECT id, hash FROM key_path WHERE id > ? ORDER BY id");
    // As JSON, because a row each costs several times as much.
    this.#keys = db.query(
      `SELECT count(*) AS count, json_group_array(hash) AS keys,
        json_group_array(rule_id) AS rule_ids
      FROM (
        SELECT hash, rule_id
        FROM rule_key
        WHERE subject_id = ?
        ORDER BY hash, rule_id
        LIMIT ?
      )`,
    );
    this.#ladders = db.query(
      `SELECT count(*) AS count, json_group_array(guard) AS guards,
        json_group_array(shape_id) AS shape_ids, json_group_array(rung) AS rungs,
        json_group_array(expire_at) AS expire_ats, json_group_array(import_id) AS import_ids,
        json_group_array(strength) AS strengths
      FROM (
        SELECT guard, shape_id, rule_id * 256 + min(part, 255) AS rung, expire_at, import_id,
          strength
        FROM rule_ladder
        WHERE subject_id = ? AND rank = 0
        ORDER BY guard, shape_id, strength DESC, rule_id, part
        LIMIT ?
      )`,
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
      `SELECT rule_id * 256 + min(part, 255) AS rung
      FROM rule_ladder
      WHERE subject_id = ? AND rank = 0 AND guard = ? AND shape_id = ?
      ORDER BY strength DESC, rule_id, part
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

  readKeyPaths(afterId: number): readonly { readonly id: number; readonly hash: number }[] {
    return this.#connection.read(() => this.#keyPaths.all(afterId));
  }

  findSubjectId(subject: string): number | undefined {
    return this.#connection.read(() => this.#subjectId.get(subject)?.id);
  }

  readSubjectEntries(subjectId: number, limit: number): SubjectEntries | undefined {
    return this.#connection.read(() => {
      const keys = this.#keys.get(subjectId, limit + 1);
      const ladders = this.#ladders.get(subjectId, limit + 1);
      if (keys === null || ladders === null) return undefined;
      if (keys.count > limit || ladders.count > limit) return undefined;
      return {
        keys: parseNumbers(keys.keys),
        ruleIds: parseNumbers(keys.rule_ids),
        guards: parseNumbers(ladders.guards),
        shapeIds: parseNumbers(ladders.shape_ids),
        rungs: parseNumbers(ladders.rungs),
        expireAts: parseNumbers(ladders.expire_ats),
        importIds: parseNumbers(ladders.import_ids),
        strengths: parseNumbers(ladders.strengths),
      };
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
      this.#ladder.all(subjectId, guard, shapeId, limit, offset).map((row) => row.rung),
    );
  }
}

/** The columns are INTEGER NOT NULL in STRICT tables: SQLite has checked what TypeScript cannot. */
function parseNumbers(json: string): readonly number[] {
  return JSON.parse(json) as readonly number[];
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
