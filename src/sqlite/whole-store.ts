/** Reads a whole store out of a database file, a backup for instance, and writes one. */
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { AppError } from "../core/app-error.ts";
import type { Person } from "../core/revocation/accounts.ts";
import {
  type AuditRecord,
  type RuleRecord,
  toAuditRow,
  toKeptRule,
} from "../core/revocation/stored-records.ts";
import { parseRole } from "../core/revocation/stored-words.ts";
import type { KeptApiToken, WholeStore } from "../core/revocation/whole-store.ts";
import { checkBackup } from "./backup.ts";
import { type Connection, openReadConnection } from "./connection.ts";
import { GIVEN_UP } from "./rule-table.ts";

const PAGE = 1000;

export interface OpenedFile {
  readonly whole: WholeStore;
  close(): void;
}

/**
 * Opens a file for reading, once it has been checked; of this version or an older one.
 *
 * @throws AppError not_found; invalid where it is no sound store; conflict for a newer version's
 */
export async function openWholeStore(file: string): Promise<OpenedFile> {
  if (!existsSync(file)) throw new AppError("not_found", `there is no file ${file}`);
  await checkBackup(file);
  const connection = openReadConnection(file);
  const { db } = connection;
  const rules = db.query<Omit<RuleRecord, "import_id" | "seq">, [number, number]>(
    `SELECT rule.id, subject.name AS subject, rule.issuer, rule.text, rule.format, rule.expire_at,
      rule.reason, rule.state, rule.added_at, adder.who, adder.via, adder.origin, rule.ended_at,
      lifter.who AS lifted_who, lifter.via AS lifted_via, lifter.origin AS lifted_origin,
      rule.lift_reason
    FROM rule
    JOIN actor AS adder ON adder.id = rule.added_by
    LEFT JOIN subject ON subject.id = rule.subject_id
    LEFT JOIN actor AS lifter ON lifter.id = rule.lifted_by
    WHERE rule.id > ?
      AND rule.state <> ${GIVEN_UP}
      AND rule.import_id NOT IN (SELECT id FROM rule_import WHERE state <> 1)
    ORDER BY rule.id
    LIMIT ?`,
  );
  const audit = db.query<AuditRecord, [number, number]>(
    `SELECT audit.id, at_ms, who, via, origin, action, target, reason, outcome, detail
    FROM audit
    JOIN actor ON actor.id = audit.actor_id
    WHERE audit.id > ?
    ORDER BY audit.id
    LIMIT ?`,
  );
  return {
    close: () => connection.close(),
    whole: {
      rules: () => pages(connection, rules, toKeptRule),
      audit: () => pages(connection, audit, toAuditRow),
      people: async () => connection.read(() => readPeople(connection)),
      apiTokens: async () => connection.read(() => readApiTokens(connection)),
    },
  };
}

/** Makes an empty file (0600). @throws AppError unavailable where there is one already */
export function makeFile(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (cause) {
    throw new AppError("unavailable", `${file} is there already, or cannot be written`, { cause });
  }
}

/** Removes a file that did not become whole. */
export function removeFile(file: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(file + suffix, { force: true });
}

async function* pages<R extends { readonly id: number }, T>(
  connection: Connection,
  query: { all(after: number, count: number): R[] },
  map: (row: R) => T,
): AsyncGenerator<readonly T[]> {
  for (let after = 0; ;) {
    const from = after;
    const rows = connection.read(() => query.all(from, PAGE));
    yield rows.map(map);
    after = rows.at(-1)?.id ?? after;
    if (rows.length < PAGE) return;
  }
}

function readPeople({ db }: Connection): readonly Person[] {
  interface PersonRow {
    readonly name: string;
    readonly role: string;
    readonly password_hash: string;
    readonly created_at: number;
    readonly password_changed_at: number;
  }
  return db
    .query<PersonRow, []>(
      `SELECT name, role, password_hash, created_at, password_changed_at
      FROM person
      ORDER BY name`,
    )
    .all()
    .map((row) => ({
      name: row.name,
      role: parseRole(row.role),
      passwordHash: row.password_hash,
      createdAt: row.created_at,
      passwordChangedAt: row.password_changed_at,
    }));
}

function readApiTokens({ db }: Connection): readonly KeptApiToken[] {
  interface TokenRow {
    readonly name: string;
    readonly role: string;
    readonly secret_hash: string;
    readonly created_at: number;
    readonly created_by: string;
    readonly revoked_at: number | null;
    readonly last_used_at: number | null;
  }
  return db
    .query<TokenRow, []>(
      `SELECT name, role, secret_hash, created_at, created_by, revoked_at, last_used_at
      FROM api_token
      ORDER BY id`,
    )
    .all()
    .map((row) => ({
      name: row.name,
      role: parseRole(row.role),
      secretHash: row.secret_hash,
      createdAt: row.created_at,
      createdBy: row.created_by,
      revokedAt: row.revoked_at ?? undefined,
      lastUsedAt: row.last_used_at ?? undefined,
    }));
}
