/** The audit: who did what, when, from where and why; written with the change or not at all. */
import type { Actor, AuditEntry, AuditQuery, AuditRow, Page } from "../core/revocation/store.ts";
import { parseVia } from "../core/revocation/stored-words.ts";
import type { Actors } from "./actors.ts";
import type { Connection } from "./connection.ts";
import { readPage } from "./paging.ts";

export interface Audit {
  /** Inside the transaction of the change it tells of. */
  append(entry: AuditEntry, actor: Actor, atMs: number): void;
  list(query: AuditQuery, pause: () => Promise<void>): Promise<Page<AuditRow>>;
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
    SELECT audit.id, at_ms, who, via, origin, action, target, reason, outcome, detail
    FROM audit
    JOIN actor ON actor.id = audit.actor_id`;
  const all = db.query<AuditRecord, [number, number]>(
    `${columns}
    WHERE audit.id < ?
    ORDER BY audit.id DESC
    LIMIT ?`,
  );
  const ofTarget = db.query<AuditRecord, [string, number, number]>(
    `${columns}
    WHERE target = ? AND audit.id < ?
    ORDER BY audit.id DESC
    LIMIT ?`,
  );
  return {
    append: (entry, actor, atMs) => {
      const { action, target, reason, outcome, detail } = entry;
      insert.run(atMs, actors.idOf(actor), action, target, reason ?? null, outcome, detail ?? null);
    },
    list: async (query, pause) => {
      const { target, action, who, from, to, limit } = query;
      return readPage({
        list: "audit",
        cursor: query.cursor,
        limit,
        isFiltered: [action, who, from, to].some((one) => one !== undefined),
        read: (before, count) =>
          connection.read(() =>
            target === undefined ? all.all(before, count) : ofTarget.all(target, before, count),
          ),
        pick: (record) => {
          if (action !== undefined && record.action !== action) return undefined;
          const at = Math.floor(record.at_ms / 1000);
          if ((from !== undefined && at < from) || (to !== undefined && at > to)) return undefined;
          return who === undefined || record.who === who ? toRow(record) : undefined;
        },
        pause,
      });
    },
  };
}

function toRow(record: AuditRecord): AuditRow {
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
