/** Reads a whole store out of PostgreSQL as of one moment. */
import type { Person } from "../core/revocation/accounts.ts";
import {
  type AuditRecord,
  type RuleRecord,
  toAuditRow,
  toKeptRule,
} from "../core/revocation/stored-records.ts";
import { parseRole } from "../core/revocation/stored-words.ts";
import type { AuditRow } from "../core/revocation/store.ts";
import type { KeptApiToken, KeptRule, WholeStore } from "../core/revocation/whole-store.ts";
import type { Sql } from "./database.ts";
import { isShown, ruleColumns } from "./rule-records.ts";

const PAGE = 1000;

/** @param sql a transaction that sees one moment, and lasts as long as it is read */
export function wholeStoreOf(sql: Sql): WholeStore {
  return {
    rules: () => readRules(sql),
    audit: () => readAudit(sql),
    people: () => readPeople(sql),
    apiTokens: () => readApiTokens(sql),
  };
}

async function* readRules(sql: Sql): AsyncGenerator<readonly KeptRule[]> {
  for (let after = 0; ;) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const records: readonly RuleRecord[] = await sql<RuleRecord[]>`
      SELECT ${ruleColumns(sql)}
      FROM rule
      WHERE rule.id > ${after}::bigint AND ${isShown(sql)}
      ORDER BY rule.id
      LIMIT ${PAGE}`;
    yield records.map(toKeptRule);
    after = records.at(-1)?.id ?? after;
    if (records.length < PAGE) return;
  }
}

async function* readAudit(sql: Sql): AsyncGenerator<readonly AuditRow[]> {
  for (let after = 0; ;) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const records: readonly AuditRecord[] = await sql<AuditRecord[]>`
      SELECT audit.id::float8 AS id, at_ms, who, via, origin, action, target, reason, outcome, detail
      FROM audit
      WHERE audit.id > ${after}::bigint
      ORDER BY audit.id
      LIMIT ${PAGE}`;
    yield records.map(toAuditRow);
    after = records.at(-1)?.id ?? after;
    if (records.length < PAGE) return;
  }
}

async function readPeople(sql: Sql): Promise<readonly Person[]> {
  const rows = await sql<
    {
      readonly name: string;
      readonly role: string;
      readonly password_hash: string;
      readonly created_at: number;
      readonly password_changed_at: number;
    }[]
  >`
    SELECT name, role, password_hash, created_at::float8, password_changed_at::float8
    FROM person
    ORDER BY name`;
  return rows.map((row) => ({
    name: row.name,
    role: parseRole(row.role),
    passwordHash: row.password_hash,
    createdAt: row.created_at,
    passwordChangedAt: row.password_changed_at,
  }));
}

async function readApiTokens(sql: Sql): Promise<readonly KeptApiToken[]> {
  const rows = await sql<
    {
      readonly name: string;
      readonly role: string;
      readonly secret_hash: string;
      readonly created_at: number;
      readonly created_by: string;
      readonly revoked_at: number | null;
      readonly last_used_at: number | null;
    }[]
  >`
    SELECT name, role, secret_hash, created_at::float8, created_by, revoked_at::float8,
      last_used_at::float8
    FROM api_token
    ORDER BY api_token.id`;
  return rows.map((row) => ({
    name: row.name,
    role: parseRole(row.role),
    secretHash: row.secret_hash,
    createdAt: row.created_at,
    createdBy: row.created_by,
    revokedAt: row.revoked_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
  }));
}
