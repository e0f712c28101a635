/** Writes a whole store into a new database file, as a backup would have it: for `restore`. */
import { AppError } from "../core/app-error.ts";
import { parseRule } from "../core/revocation/parse-rule.ts";
import { RULE_FORMAT } from "../core/revocation/rule.ts";
import { namesDigest } from "../core/revocation/token-digest.ts";
import type { Copied, KeptRule, WholeStore } from "../core/revocation/whole-store.ts";
import { createActors } from "./actors.ts";
import { type Connection, openConnection } from "./connection.ts";
import { createJournalWriter } from "./journal.ts";
import { migrate } from "./migrate.ts";
import { ENDED, LIFTED } from "../core/revocation/stored-records.ts";
import { makeFile, removeFile } from "./whole-store.ts";

/**
 * The rules are filed for judging when the store is opened for the first time.
 *
 * @param file where nothing is yet; after a failure nothing is there again
 * @throws AppError usage, unavailable; what the source throws
 */
export async function writeWholeStore(
  file: string,
  whole: WholeStore,
  nowMs: number,
): Promise<Copied> {
  makeFile(file);
  try {
    const connection = openConnection(file);
    try {
      await migrate(connection);
      const copied = await fill(connection, whole, nowMs);
      // One file: a log beside it would be forgotten.
      connection.db.run("PRAGMA wal_checkpoint(TRUNCATE)");
      connection.db.run("PRAGMA journal_mode = DELETE");
      return copied;
    } finally {
      connection.close();
    }
  } catch (error) {
    removeFile(file);
    throw error;
  }
}

async function fill(connection: Connection, whole: WholeStore, nowMs: number): Promise<Copied> {
  const { db } = connection;
  const people = await whole.people();
  const apiTokens = await whole.apiTokens();
  const person = db.query<unknown, [string, string, string, number, number]>(
    `INSERT INTO person (name, role, password_hash, created_at, password_changed_at)
    VALUES (?, ?, ?, ?, ?)`,
  );
  const token = db.query<
    unknown,
    [string, string, string, number, string, number | null, number | null]
  >(
    `INSERT INTO api_token (name, role, secret_hash, created_at, created_by, revoked_at, last_used_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const seq = await connection.write(() => {
    for (const one of people) {
      const { name, role, passwordHash, createdAt, passwordChangedAt } = one;
      person.run(name, role, passwordHash, createdAt, passwordChangedAt);
    }
    for (const one of apiTokens) {
      const { name, role, secretHash, createdAt, createdBy, revokedAt, lastUsedAt } = one;
      token.run(
        name,
        role,
        secretHash,
        createdAt,
        createdBy,
        revokedAt ?? null,
        lastUsedAt ?? null,
      );
    }
    return createJournalWriter(connection).append({
      atMs: nowMs,
      kind: "rules_imported",
      scope: "all",
      subject: undefined,
      ruleId: undefined,
    });
  });
  const rules = await fillRules(connection, whole, seq);
  const audit = await fillAudit(connection, whole);
  return { rules, people: people.length, apiTokens: apiTokens.length, audit };
}

async function fillRules(connection: Connection, whole: WholeStore, seq: number): Promise<number> {
  const { db } = connection;
  const actors = createActors(connection);
  const addSubject = db.query<unknown, [string]>("INSERT OR IGNORE INTO subject (name) VALUES (?)");
  const insert = db.query<unknown, (string | number | null)[]>(
    `INSERT INTO rule (id, subject_id, issuer, text, format, expire_at, reason, state, added_at,
      added_by, ended_at, lifted_by, lift_reason, seq)
    VALUES (?, (SELECT id FROM subject WHERE name = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const tally = db.query<unknown, [number, string]>(
    "UPDATE tally SET count = count + ? WHERE name = ?",
  );
  let count = 0;
  for await (const page of whole.rules()) {
    await connection.write(() => {
      for (const rule of page) {
        if (rule.subject !== undefined) addSubject.run(rule.subject);
        insert.run(
          rule.id,
          rule.subject ?? null,
          rule.issuer ?? null,
          rule.text,
          rule.format,
          rule.expireAt,
          rule.reason,
          rule.state === "stands" ? 0 : rule.state === "lifted" ? LIFTED : ENDED,
          rule.addedAt,
          actors.idOf(rule.addedBy),
          rule.endedAt ?? null,
          rule.lifted === undefined ? null : actors.idOf(rule.lifted.by),
          rule.lifted?.reason ?? null,
          seq,
        );
        tally.run(1, tallyOf(rule));
        if (mayNameDigest(rule)) tally.run(1, "digest");
      }
    });
    count += page.length;
  }
  return count;
}

function tallyOf({ state, subject }: KeptRule): string {
  if (state === "stands") return subject === undefined ? "global" : "subject";
  return state;
}

/** Without the count nobody would ask for tokens' digests, and such a rule would match nothing. */
function mayNameDigest({ text, format }: KeptRule): boolean {
  if (format !== RULE_FORMAT) return true;
  try {
    return namesDigest(parseRule(text).condition);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return true;
  }
}

async function fillAudit(connection: Connection, whole: WholeStore): Promise<number> {
  const actors = createActors(connection);
  const insert = connection.db.query<unknown, (string | number | null)[]>(
    `INSERT INTO audit (id, at_ms, actor_id, action, target, reason, outcome, detail)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  let count = 0;
  for await (const page of whole.audit()) {
    await connection.write(() => {
      for (const row of page) {
        insert.run(
          row.id,
          Math.round(row.atMs),
          actors.idOf(row.actor),
          row.action,
          row.target,
          row.reason ?? null,
          row.outcome,
          row.detail ?? null,
        );
      }
    });
    count += page.length;
  }
  return count;
}
