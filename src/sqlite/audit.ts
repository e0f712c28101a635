/** The audit: who did what, when, from where and why; written with the change or not at all. */
import type { Actor, AuditEntry, AuditQuery, AuditRow, Page } from "../core/revocation/store.ts";
import { type AuditRecord, toAuditRow } from "../core/revocation/stored-records.ts";
import type { Actors } from "./actors.ts";
import type { Connection } from "./connection.ts";
import { readPage } from "./paging.ts";

export interface Audit {
  /** Inside the transaction of the change it tells of. */
  append(entry: AuditEntry, actor: Actor, atMs: number): void;
  list(query: AuditQuery, pause: () => Promise<void>): Promise<Page<AuditRow>>;
}

/** What is done to one rule; an import's target is the import's number. */
const IS_ON_RULE = "action GLOB 'rule.*' AND action <> 'rule.import'";

export function createAudit(connection: Connection, actors: Actors): Audit {
  const { db } = connection;
  const insert = db.query<
    unknown,
    [number, number, string, string, string | null, string, string | null]
  >(
    `INSERT INTO audit (at_ms, actor_id, action, target, reason, outcome, detail)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  const columns = `
    SELECT audit.id, at_ms, who, via, origin, action, target, audit.reason, outcome, detail,
      subject.name AS subject
    FROM audit
    JOIN actor ON actor.id = audit.actor_id
    LEFT JOIN rule ON rule.id = CAST(target AS INTEGER) AND ${IS_ON_RULE}
    LEFT JOIN subject ON subject.id = rule.subject_id`;
  const all = db.query<AuditRecord, [number, number]>(
    `${columns}
    WHERE audit.id < ?
    ORDER BY audit.id DESC
    LIMIT ?`,
  );
  const ofTarget = db.query<AuditRecord, [string, number, number]>(
    `${columns}
    WHERE audit.id IN (
      SELECT id FROM (
        SELECT id FROM audit WHERE target = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3
      )
      UNION
      ${ofRules("rule.subject_id = (SELECT id FROM subject WHERE name = ?1)")}
    )
    ORDER BY audit.id DESC
    LIMIT ?3`,
  );
  const ofRule = db.query<AuditRecord, [number, number, number]>(
    `${columns}
    WHERE audit.id IN (${ofRules("rule.id = ?1")})
    ORDER BY audit.id DESC
    LIMIT ?3`,
  );
  const read = ({ target, rule }: AuditQuery, before: number, count: number) => {
    if (rule !== undefined) return ofRule.all(rule, before, count);
    return target === undefined ? all.all(before, count) : ofTarget.all(target, before, count);
  };
  return {
    append: (entry, actor, atMs) => {
      const { action, target, reason, outcome, detail } = entry;
      insert.run(atMs, actors.idOf(actor), action, target, reason ?? null, outcome, detail ?? null);
    },
    list: async (query, pause) => {
      const { action, who, from, to, limit } = query;
      return readPage({
        list: "audit",
        cursor: query.cursor,
        limit,
        isFiltered: [action, who, from, to].some((one) => one !== undefined),
        read: (before, count) => connection.read(() => read(query, before, count)),
        pick: (record) => {
          if (action !== undefined && record.action !== action) return undefined;
          const at = Math.floor(record.at_ms / 1000);
          if ((from !== undefined && at < from) || (to !== undefined && at > to)) return undefined;
          return who === undefined || record.who === who ? toAuditRow(record) : undefined;
        },
        pause,
      });
    },
  };
}

/** Rows before `?2` that tell of rules: what was done to each, and the import that it came by. */
function ofRules(condition: string): string {
  return `
      SELECT audit.id
      FROM rule
      JOIN audit ON target = CAST(rule.id AS TEXT)
      WHERE ${condition} AND ${IS_ON_RULE} AND audit.id < ?2
      UNION
      SELECT audit.id
      FROM rule
      JOIN audit ON target = CAST(import_id AS TEXT)
      WHERE ${condition} AND import_id > 0 AND action = 'rule.import' AND audit.id < ?2`;
}
