/** The table of rules as rows, and what a row means to the outside. */
import { RULE_FORMAT } from "../core/revocation/rule.ts";
import { parseVia } from "../core/revocation/stored-words.ts";
import type { RuleScope, RuleState, StoredRule } from "../core/revocation/store.ts";
import type { Sql } from "./database.ts";

/** How a rule left force; the numbers of the column `state`. */
export const LIFTED = 1;
export const ENDED = 2;

export interface RuleRecord {
  readonly id: number;
  readonly subject: string | null;
  readonly issuer: string | null;
  readonly text: string;
  readonly format: number;
  readonly expire_at: number;
  readonly reason: string;
  readonly state: number;
  readonly import_id: number;
  readonly added_at: number;
  readonly who: string;
  readonly via: string;
  readonly origin: string;
  readonly ended_at: number | null;
  readonly lifted_who: string | null;
  readonly lifted_via: string | null;
  readonly lifted_origin: string | null;
  readonly lift_reason: string | null;
  readonly seq: number;
}

/** The columns of a `RuleRecord`, for a nested fragment. */
export function ruleColumns(sql: Sql) {
  return sql`rule.id::float8 AS id, rule.subject, rule.issuer, rule.text, rule.format::int4 AS format,
    rule.expire_at::float8 AS expire_at, rule.reason, rule.state::int4 AS state,
    rule.import_id::float8 AS import_id, rule.added_at::float8 AS added_at, rule.who, rule.via,
    rule.origin, rule.ended_at::float8 AS ended_at, rule.lifted_who, rule.lifted_via,
    rule.lifted_origin, rule.lift_reason, rule.seq::float8 AS seq`;
}

/** Rules of imports that are not in force are nobody's business. */
export function isShown(sql: Sql) {
  return sql`(rule.import_id = 0 OR rule.import_id NOT IN (
    SELECT id FROM rule_import WHERE rule_import.state <> 1
  ))`;
}

/** A row as the outside sees it. */
export function toStoredRule(record: RuleRecord, nowSeconds: number): StoredRule {
  const { id, text, reason, seq } = record;
  return {
    id,
    scope: toScope(record),
    text,
    expireAt: record.expire_at,
    reason,
    state: toState(record, nowSeconds),
    addedAt: record.added_at,
    addedBy: { who: record.who, via: parseVia(record.via), from: record.origin },
    lifted: toLifted(record),
    seq,
  };
}

function toLifted(record: RuleRecord): StoredRule["lifted"] {
  if (record.state !== LIFTED) return undefined;
  return {
    at: record.ended_at ?? 0,
    by: {
      who: record.lifted_who ?? "",
      via: parseVia(record.lifted_via ?? ""),
      from: record.lifted_origin ?? "",
    },
    reason: record.lift_reason ?? "",
  };
}

function toScope(record: RuleRecord): RuleScope {
  if (record.subject === null) return { kind: "global" };
  return { kind: "subject", subject: record.subject, issuer: record.issuer ?? undefined };
}

function toState(record: RuleRecord, nowSeconds: number): RuleState {
  if (record.state === LIFTED) return "lifted";
  if (record.state === ENDED) return "expired";
  if (record.expire_at !== 0 && record.expire_at <= nowSeconds) return "expired";
  return record.format === RULE_FORMAT ? "active" : "unreadable";
}
