/** The table of rules: writing one, ending one, and what the table's rows mean. */
import type { NewRule } from "../core/revocation/store.ts";
import { parseRule } from "../core/revocation/parse-rule.ts";
import { ruleEntries } from "../core/revocation/rule-entries.ts";
import { RULE_FORMAT } from "../core/revocation/rule.ts";
import { AppError } from "../core/app-error.ts";
import { namesDigest } from "../core/revocation/token-digest.ts";
import { LIFTED, type RuleRecord as CommonRecord } from "../core/revocation/stored-records.ts";
import type { Connection } from "./connection.ts";
import { createRuleFiling, type RuleFiling } from "./rule-filing.ts";

/** How a rule left force whose import was given up; other numbers of the column `state` stand beside `RuleRecord`. */
export const GIVEN_UP = 3;

/** With the subject's own row. */
export interface RuleRecord extends CommonRecord {
  readonly subject_id: number | null;
}

export const RULE_RECORD = `
  SELECT rule.id, rule.subject_id, subject.name AS subject, rule.issuer, rule.text, rule.format,
    rule.expire_at, rule.reason, rule.state, rule.import_id, rule.added_at,
    adder.who, adder.via, adder.origin,
    rule.ended_at, lifter.who AS lifted_who, lifter.via AS lifted_via,
    lifter.origin AS lifted_origin, rule.lift_reason,
    max(rule.seq, coalesce(rule_import.seq, 0)) AS seq
  FROM rule
  JOIN actor AS adder ON adder.id = rule.added_by
  LEFT JOIN subject ON subject.id = rule.subject_id
  LEFT JOIN actor AS lifter ON lifter.id = rule.lifted_by
  LEFT JOIN rule_import ON rule_import.id = rule.import_id`;

/** What is counted as it changes, because counting millions of rows takes too long. */
export type Tally = "global" | "subject" | "lifted" | "ended" | "digest";

/** What a rule's row needs beside the rule. */
export interface Writing {
  readonly actorId: number;
  readonly nowSeconds: number;
  readonly seq: number;
  /** The import that stages it; 0 = in force at once. */
  readonly importId: number;
}

/** Every write inside a transaction of the caller's. */
export interface RuleTable {
  /** @returns the new rule's id */
  insert(input: NewRule, writing: Writing): number;
  find(id: number): RuleRecord | undefined;
  /** Takes a rule out of force and out of the index; it stays in the table. */
  end(record: RuleRecord, how: number, atSeconds: number): void;
  setLifted(id: number, actorId: number, reason: string, seq: number): void;
  /** Counts rules into or out of force; a staged import does so when it is committed. */
  tally(name: Tally, by: number): void;
  readTally(name: Tally): number;
  readonly filing: RuleFiling;
}

export function createRuleTable(connection: Connection): RuleTable {
  return new SqliteRuleTable(connection);
}

class SqliteRuleTable implements RuleTable {
  readonly filing: RuleFiling;
  readonly #findSubject;
  readonly #addSubject;
  readonly #insert;
  readonly #find;
  readonly #end;
  readonly #lift;
  readonly #tally;
  readonly #readTally;

  constructor(connection: Connection) {
    const { db } = connection;
    this.filing = createRuleFiling(connection);
    this.#findSubject = db.query<{ id: number }, [string]>("SELECT id FROM subject WHERE name = ?");
    this.#addSubject = db.query<{ id: number }, [string]>(
      "INSERT INTO subject (name) VALUES (?) RETURNING id",
    );
    this.#insert = db.query<
      unknown,
      [number | null, string | null, string, number, number, string, number, number, number, number]
    >(
      `INSERT INTO rule
        (subject_id, issuer, text, format, expire_at, reason, import_id, added_at, added_by, seq)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#find = db.query<RuleRecord, [number]>(`${RULE_RECORD} WHERE rule.id = ?`);
    this.#end = db.query<unknown, [number, number, number]>(
      "UPDATE rule SET state = ?, ended_at = ? WHERE id = ?",
    );
    this.#lift = db.query<unknown, [number, string, number, number]>(
      "UPDATE rule SET lifted_by = ?, lift_reason = ?, seq = ? WHERE id = ?",
    );
    this.#tally = db.query<unknown, [number, string]>(
      "UPDATE tally SET count = count + ? WHERE name = ?",
    );
    this.#readTally = db.query<{ count: number }, [string]>(
      "SELECT count FROM tally WHERE name = ?",
    );
  }

  insert(input: NewRule, writing: Writing): number {
    const { scope, rule, expireAt, reason } = input;
    const subjectId = scope.kind === "subject" ? this.#subjectId(scope.subject) : undefined;
    const issuer = scope.kind === "subject" ? scope.issuer : undefined;
    const { lastInsertRowid } = this.#insert.run(
      subjectId ?? null,
      issuer ?? null,
      rule.text,
      RULE_FORMAT,
      expireAt,
      reason,
      writing.importId,
      writing.nowSeconds,
      writing.actorId,
      writing.seq,
    );
    const id = Number(lastInsertRowid);
    if (subjectId !== undefined) {
      const filed = { subjectId, ruleId: id, expireAt, importId: writing.importId };
      this.filing.file(filed, ruleEntries(rule.condition, issuer));
    }
    // Never counted down again: it only says that tokens' digests may be asked for.
    if (namesDigest(rule.condition)) this.tally("digest", 1);
    if (writing.importId === 0) this.tally(subjectId === undefined ? "global" : "subject", 1);
    return id;
  }

  find(id: number): RuleRecord | undefined {
    return this.#find.get(id) ?? undefined;
  }

  end(record: RuleRecord, how: number, atSeconds: number): void {
    const { id, subject_id: subjectId, issuer } = record;
    this.#end.run(how, atSeconds, id);
    if (subjectId !== null) this.#unfile(subjectId, record, issuer ?? undefined);
    if (how === GIVEN_UP) return;
    this.tally(subjectId === null ? "global" : "subject", -1);
    this.tally(how === LIFTED ? "lifted" : "ended", 1);
  }

  setLifted(id: number, actorId: number, reason: string, seq: number): void {
    this.#lift.run(actorId, reason, seq, id);
  }

  tally(name: Tally, by: number): void {
    this.#tally.run(by, name);
  }

  readTally(name: Tally): number {
    return this.#readTally.get(name)?.count ?? 0;
  }

  #unfile(subjectId: number, record: RuleRecord, issuer: string | undefined): void {
    try {
      const { condition } = parseRule(record.text);
      if (record.format === RULE_FORMAT) {
        this.filing.unfile(subjectId, record.id, ruleEntries(condition, issuer));
        return;
      }
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
    this.filing.unfileUnread(subjectId, record.id);
  }

  #subjectId(subject: string): number {
    const row = this.#findSubject.get(subject) ?? this.#addSubject.get(subject);
    if (row === null) throw new TypeError("a subject got no id");
    return row.id;
  }
}
