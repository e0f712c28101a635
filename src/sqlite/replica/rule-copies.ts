/** Writes rules of the shared store into a replica under the ids that they have there. */
import { AppError } from "../../core/app-error.ts";
import { parseRule } from "../../core/revocation/parse-rule.ts";
import { ruleEntries, type RuleEntry } from "../../core/revocation/rule-entries.ts";
import { RULE_FORMAT } from "../../core/revocation/rule.ts";
import { namesDigest } from "../../core/revocation/token-digest.ts";
import { createActors } from "../actors.ts";
import type { Connection } from "../connection.ts";
import type { RuleTable } from "../rule-table.ts";

/** What a replica needs of a rule. */
export interface RuleCopy {
  readonly id: number;
  readonly subject: string | undefined;
  readonly issuer: string | undefined;
  readonly text: string;
  readonly format: number;
  readonly expireAt: number;
}

/** Every write inside a transaction of the caller's. */
export interface RuleCopies {
  /**
   * Writes a rule, unless it is there.
   *
   * @param importId the import that stages it; 0 = in force at once
   */
  insert(copy: RuleCopy, seq: number, importId: number): void;
  /** Notes an import that is not in force yet. */
  openImport(importId: number): void;
  /** Puts an import in force: all its rules at once. */
  commitImport(importId: number): void;
  /** The greatest id that was staged of an import; 0: none. */
  stagedUpTo(importId: number): number;
}

/** A rule whose text cannot be read: it refuses its whole scope. */
const DAMAGED = 0;

export function createRuleCopies(connection: Connection, table: RuleTable): RuleCopies {
  const { db } = connection;
  const findSubject = db.query<{ id: number }, [string]>("SELECT id FROM subject WHERE name = ?");
  const addSubject = db.query<{ id: number }, [string]>(
    "INSERT INTO subject (name) VALUES (?) RETURNING id",
  );
  const insert = db.query<
    unknown,
    [number, number | null, string | null, string, number, number, number, number, number]
  >(
    `INSERT OR IGNORE INTO rule
      (id, subject_id, issuer, text, format, expire_at, reason, import_id, added_at, added_by, seq)
    VALUES (?, ?, ?, ?, ?, ?, 'a copy', ?, 0, ?, ?)`,
  );
  const openImport = db.query<unknown, [number, number]>(
    `INSERT OR IGNORE INTO rule_import (id, source, after_rule_id, started_at, started_by)
    VALUES (?, 'the shared store', 0, 0, ?)`,
  );
  const commitImport = db.query<unknown, [number]>(
    "UPDATE rule_import SET state = 1 WHERE id = ? AND state = 0",
  );
  const countImport = db.query<{ globals: number; subjects: number }, [number]>(
    `SELECT count(*) FILTER (WHERE subject_id IS NULL) AS globals,
      count(subject_id) AS subjects
    FROM rule
    WHERE import_id = ? AND state = 0`,
  );
  const stagedUpTo = db.query<{ id: number | null }, [number]>(
    "SELECT max(id) AS id FROM rule WHERE import_id = ?",
  );
  const actors = createActors(connection);
  const copierId = () => actors.idOf({ who: "replica", via: "server", from: "local" });
  const subjectIdOf = (subject: string): number => {
    const row = findSubject.get(subject) ?? addSubject.get(subject);
    if (row === null) throw new TypeError("a subject got no id");
    return row.id;
  };

  return {
    insert: (copy, seq, importId) => {
      const { id, subject, issuer, text, expireAt } = copy;
      const subjectId = subject === undefined ? undefined : subjectIdOf(subject);
      const read = readEntries(copy);
      const format = read === undefined && copy.format === RULE_FORMAT ? DAMAGED : copy.format;
      const { changes } = insert.run(
        id,
        subjectId ?? null,
        issuer ?? null,
        text,
        format,
        expireAt,
        importId,
        copierId(),
        seq,
      );
      if (changes === 0) return;
      if (subjectId !== undefined && read !== undefined) {
        table.filing.file({ subjectId, ruleId: id, expireAt, importId }, read.entries);
      }
      if (read?.namesDigest === true) table.tally("digest", 1);
      if (importId === 0) table.tally(subjectId === undefined ? "global" : "subject", 1);
    },
    openImport: (importId) => {
      openImport.run(importId, copierId());
    },
    commitImport: (importId) => {
      if (commitImport.run(importId).changes === 0) return;
      const counted = countImport.get(importId);
      table.tally("global", counted?.globals ?? 0);
      table.tally("subject", counted?.subjects ?? 0);
    },
    stagedUpTo: (importId) => connection.read(() => stagedUpTo.get(importId)?.id ?? 0),
  };
}

interface ReadRule {
  readonly entries: readonly RuleEntry[];
  readonly namesDigest: boolean;
}

/** Undefined for a rule of another version, or one whose text is damaged. */
function readEntries({ text, format, issuer }: RuleCopy): ReadRule | undefined {
  if (format !== RULE_FORMAT) return undefined;
  try {
    const { condition } = parseRule(text);
    return { entries: ruleEntries(condition, issuer), namesDigest: namesDigest(condition) };
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
