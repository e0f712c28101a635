/** Reads a whole store out of a database file, a backup for instance, and writes one. */
import { closeSync, existsSync, openSync, rmSync } from "node:fs";
import { AppError } from "../core/app-error.ts";
import type { Person } from "../core/revocation/accounts.ts";
import type { Actor, AuditRow } from "../core/revocation/store.ts";
import { parseRole, parseVia } from "../core/revocation/stored-words.ts";
import type { KeptApiToken, KeptRule, WholeStore } from "../core/revocation/whole-store.ts";
import { checkBackup } from "./backup.ts";
import { type Connection, openReadConnection } from "./connection.ts";
import { ENDED, GIVEN_UP, LIFTED } from "./rule-table.ts";

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
  const rules = db.query<RuleRow, [number, number]>(
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
      rules: () => pages(connection, rules, toRule),
      audit: () => pages(connection, audit, toAudit),
      people: async () => connection.read(() => readPeople(connection)),
      apiTokens: async () => connection.read(() => readApiTokens(connection)),
    },
  };
}

/** Makes an empty file (0600). @throws AppError usage where there is one already */
export function makeFile(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (cause) {
    throw new AppError("usage", `${file} is there already, or cannot be written`, { cause });
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

interface RuleRow {
  readonly id: number;
  readonly subject: string | null;
  readonly issuer: string | null;
  readonly text: string;
  readonly format: number;
  readonly expire_at: number;
  readonly reason: string;
  readonly state: number;
  readonly added_at: number;
  readonly who: string;
  readonly via: string;
  readonly origin: string;
  readonly ended_at: number | null;
  readonly lifted_who: string | null;
  readonly lifted_via: string | null;
  readonly lifted_origin: string | null;
  readonly lift_reason: string | null;
}

function toRule(row: RuleRow): KeptRule {
  return {
    id: row.id,
    subject: row.subject ?? undefined,
    issuer: row.issuer ?? undefined,
    text: row.text,
    format: row.format,
    expireAt: row.expire_at,
    reason: row.reason,
    state: row.state === LIFTED ? "lifted" : row.state === ENDED ? "ended" : "stands",
    addedAt: row.added_at,
    addedBy: toActor(row.who, row.via, row.origin),
    endedAt: row.ended_at ?? undefined,
    lifted:
      row.lifted_who === null
        ? undefined
        : {
            by: toActor(row.lifted_who, row.lifted_via ?? "", row.lifted_origin ?? ""),
            reason: row.lift_reason ?? "",
          },
  };
}

interface AuditRecord {
  readonly id: number;
  readonly at_ms: number;
  readonly who: string;
  readonly via: string;
  readonly origin: string;
  readonly action: string;
  readonly target: string;
  readonly reason: string | null;
  readonly outcome: string;
  readonly detail: string | null;
}

function toAudit(row: AuditRecord): AuditRow {
  return {
    id: row.id,
    atMs: row.at_ms,
    actor: toActor(row.who, row.via, row.origin),
    action: row.action,
    target: row.target,
    reason: row.reason ?? undefined,
    outcome: row.outcome === "refused" ? "refused" : "done",
    detail: row.detail ?? undefined,
  };
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

function toActor(who: string, via: string, from: string): Actor {
  return { who, via: parseVia(via), from };
}
