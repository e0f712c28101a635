/** Lists the audit: filtered by the database, page by page, newest first. */
import { checkLimit, parseCursor, toCursor } from "../core/revocation/page-cursor.ts";
import type { AuditQuery, AuditRow, Page } from "../core/revocation/store.ts";
import { parseVia } from "../core/revocation/stored-words.ts";
import type { Database } from "./database.ts";

/** @throws AppError invalid (path `/cursor`, `/limit`), unavailable */
export async function listAudit(database: Database, query: AuditQuery): Promise<Page<AuditRow>> {
  const { target, action, who, from, to, limit } = query;
  checkLimit(limit);
  const before =
    query.cursor === undefined ? Number.MAX_SAFE_INTEGER : parseCursor("audit", query.cursor);
  const records = await database.read(
    (sql) => sql<AuditRecord[]>`
      SELECT id::float8, at_ms, who, via, origin, action, target, reason, outcome, detail
      FROM audit
      WHERE id < ${before}::bigint
        ${target === undefined ? sql`` : sql`AND left(target, 256) = left(${target}::text, 256) AND target = ${target}::text`}
        ${action === undefined ? sql`` : sql`AND action = ${action}::text`}
        ${who === undefined ? sql`` : sql`AND who = ${who}::text`}
        ${from === undefined ? sql`` : sql`AND floor(at_ms / 1000) >= ${from}::float8`}
        ${to === undefined ? sql`` : sql`AND floor(at_ms / 1000) <= ${to}::float8`}
      ORDER BY audit.id DESC
      LIMIT ${limit + 1}`,
  );
  const items = records.slice(0, limit).map(toAuditRow);
  const last = items.at(-1);
  const hasMore = records.length > limit && last !== undefined;
  return { items, cursor: hasMore ? toCursor("audit", last.id) : undefined };
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

function toAuditRow(record: AuditRecord): AuditRow {
  const { id, who, via, action, target } = record;
  return {
    id,
    atMs: record.at_ms,
    actor: { who, via: parseVia(via), from: record.origin },
    action,
    target,
    reason: record.reason ?? undefined,
    outcome: record.outcome === "done" ? "done" : "refused",
    detail: record.detail ?? undefined,
  };
}
