/** Rows as the queries of every store return them, named as their columns, and what they mean to the outside. */
import { RULE_FORMAT } from "./rule.ts";
import type { Actor, AuditRow, RuleScope, RuleState, StoredRule } from "./store.ts";
import { parseVia } from "./stored-words.ts";
import type { KeptRule } from "./whole-store.ts";

/** How a rule left force; the numbers of the column `state`. */
export const LIFTED = 1;
export const ENDED = 2;

/** A rule; all times are seconds since 1970. */
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

export interface AuditRecord {
  readonly id: number;
  /** Unix milliseconds. */
  readonly at_ms: number;
  readonly who: string;
  readonly via: string;
  readonly origin: string;
  readonly action: string;
  readonly target: string;
  readonly reason: string | null;
  readonly outcome: string;
  readonly detail: string | null;
  readonly subject?: string | null;
}

/** A rule as those see it who ask for it. */
export function toStoredRule(record: RuleRecord, nowSeconds: number): StoredRule {
  const { id, text, reason, seq } = record;
  const lifting = record.state === LIFTED ? liftingOf(record) : undefined;
  return {
    id,
    scope: toScope(record),
    text,
    expireAt: record.expire_at,
    reason,
    state: toState(record, nowSeconds),
    addedAt: record.added_at,
    addedBy: toActor(record.who, record.via, record.origin),
    lifted: lifting === undefined ? undefined : { at: record.ended_at ?? 0, ...lifting },
    seq,
  };
}

/** A rule as one store hands it to another. */
export function toKeptRule(record: Omit<RuleRecord, "import_id" | "seq">): KeptRule {
  const { id, text, format, reason, state } = record;
  return {
    id,
    subject: record.subject ?? undefined,
    issuer: record.issuer ?? undefined,
    text,
    format,
    expireAt: record.expire_at,
    reason,
    state: state === LIFTED ? "lifted" : state === ENDED ? "ended" : "stands",
    addedAt: record.added_at,
    addedBy: toActor(record.who, record.via, record.origin),
    endedAt: record.ended_at ?? undefined,
    lifted: record.lifted_who === null ? undefined : liftingOf(record),
  };
}

export function toAuditRow(record: AuditRecord): AuditRow {
  const { id, action, target } = record;
  return {
    id,
    atMs: record.at_ms,
    actor: toActor(record.who, record.via, record.origin),
    action,
    target,
    reason: record.reason ?? undefined,
    outcome: record.outcome === "done" ? "done" : "refused",
    detail: record.detail ?? undefined,
    subject: record.subject ?? undefined,
  };
}

type Lifting = Pick<RuleRecord, "lifted_who" | "lifted_via" | "lifted_origin" | "lift_reason">;

function liftingOf(record: Lifting): { readonly by: Actor; readonly reason: string } {
  const { lifted_who: who, lifted_via: via, lifted_origin: origin, lift_reason: reason } = record;
  return { by: toActor(who ?? "", via ?? "", origin ?? ""), reason: reason ?? "" };
}

function toActor(who: string, via: string, from: string): Actor {
  return { who, via: parseVia(via), from };
}

function toScope({ subject, issuer }: RuleRecord): RuleScope {
  if (subject === null) return { kind: "global" };
  return { kind: "subject", subject, issuer: issuer ?? undefined };
}

function toState(record: RuleRecord, nowSeconds: number): RuleState {
  if (record.state === LIFTED) return "lifted";
  if (record.state === ENDED) return "expired";
  if (record.expire_at !== 0 && record.expire_at <= nowSeconds) return "expired";
  return record.format === RULE_FORMAT ? "active" : "unreadable";
}
