/** Lists the audit: filtered by the database, page by page, newest first. */
import { checkLimit, parseCursor, toCursor } from "../core/revocation/page-cursor.ts";
import type { AuditQuery, AuditRow, Page } from "../core/revocation/store.ts";
import { type AuditRecord, toAuditRow } from "../core/revocation/stored-records.ts";
import type { Database, Sql } from "./database.ts";

/** @throws AppError invalid (path `/cursor`, `/limit`), unavailable */
export async function listAudit(database: Database, query: AuditQuery): Promise<Page<AuditRow>> {
  const { action, who, from, to, limit } = query;
  checkLimit(limit);
  const before =
    query.cursor === undefined ? Number.MAX_SAFE_INTEGER : parseCursor("audit", query.cursor);
  const records = await database.read(
    (sql) => sql<AuditRecord[]>`
      SELECT audit.id::float8, at_ms, audit.who, audit.via, audit.origin, action, target,
        audit.reason, outcome, detail, subject
      FROM audit
      LEFT JOIN rule ON rule.id = CASE WHEN ${isOnRule(sql)} THEN target::bigint END
      WHERE audit.id < ${before}::bigint
        ${about(sql, query)}
        ${action === undefined ? sql`` : sql`AND action = ${action}::text`}
        ${who === undefined ? sql`` : sql`AND audit.who = ${who}::text`}
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

/** What is done to one rule; an import's target is the import's number. */
function isOnRule(sql: Sql) {
  return sql`(action LIKE 'rule.%' AND action <> 'rule.import')`;
}

function about(sql: Sql, { target, rule }: AuditQuery) {
  if (rule !== undefined) {
    return sql`AND audit.id IN (${ofRules(sql, sql`rule.id = ${rule}::bigint`)})`;
  }
  if (target === undefined) return sql``;
  const isOfSubject = sql`left(subject, 256) = left(${target}::text, 256) AND subject = ${target}::text`;
  return sql`AND audit.id IN (
    SELECT id
    FROM audit
    WHERE left(target, 256) = left(${target}::text, 256) AND target = ${target}::text
    UNION
    ${ofRules(sql, isOfSubject)}
  )`;
}

/** Rows that tell of rules: what was done to each, and the import that it came by. */
function ofRules(sql: Sql, condition: unknown) {
  return sql`
    SELECT audit.id
    FROM rule
    JOIN audit ON left(target, 256) = left(rule.id::text, 256)
    WHERE ${condition} AND ${isOnRule(sql)}
    UNION
    SELECT audit.id
    FROM rule
    JOIN audit ON left(target, 256) = left(import_id::text, 256)
    WHERE ${condition} AND import_id > 0 AND action = 'rule.import'`;
}
