/** Lists rules for people: filtered, page by page, newest first or oldest. */
import type { Page, RuleQuery, StoredRule } from "../core/revocation/store.ts";
import type { Connection } from "./connection.ts";
import { createEndReader } from "./rules-by-end.ts";
import { readPage, readPageFrom } from "./paging.ts";
import { toStoredRule } from "../core/revocation/stored-records.ts";
import { GIVEN_UP, RULE_RECORD, type RuleRecord } from "./rule-table.ts";

/** Rules read at a time for an export. */
const CHUNK = 500;

export interface RuleListing {
  list(query: RuleQuery, nowSeconds: number): Promise<Page<StoredRule>>;
  /** Rules in force, oldest first. */
  active(nowSeconds: () => number): AsyncIterable<StoredRule>;
}

export function createRuleListing(
  connection: Connection,
  isHidden: (importId: number) => boolean,
  pause: () => Promise<void>,
): RuleListing {
  const { db } = connection;
  const everything = db.query<RuleRecord, [number, number]>(
    `${RULE_RECORD} WHERE rule.id < ? ORDER BY rule.id DESC LIMIT ?`,
  );
  const ofGlobal = db.query<RuleRecord, [number, number]>(
    `${RULE_RECORD}
    WHERE rule.subject_id IS NULL AND rule.id < ?
    ORDER BY rule.id DESC
    LIMIT ?`,
  );
  const ofSubject = db.query<RuleRecord, [string, number, number]>(
    `${RULE_RECORD}
    WHERE rule.subject_id = (SELECT id FROM subject WHERE name = ?) AND rule.id < ?
    ORDER BY rule.id DESC
    LIMIT ?`,
  );
  const past = db.query<RuleRecord, [number, number]>(
    `${RULE_RECORD} WHERE rule.state > 0 AND rule.id < ? ORDER BY rule.id DESC LIMIT ?`,
  );
  const oldestFirst = db.query<RuleRecord, [number, number]>(
    `${RULE_RECORD} WHERE rule.id > ? AND rule.state = 0 ORDER BY rule.id LIMIT ?`,
  );
  const isShown = (record: RuleRecord): boolean =>
    record.state !== GIVEN_UP && (record.import_id === 0 || !isHidden(record.import_id));

  const fromOldest = db.query<RuleRecord, [number, number]>(
    `${RULE_RECORD} WHERE rule.id > ? ORDER BY rule.id LIMIT ?`,
  );
  const fromOldestGlobal = db.query<RuleRecord, [number, number]>(
    `${RULE_RECORD}
    WHERE rule.subject_id IS NULL AND rule.id > ?
    ORDER BY rule.id
    LIMIT ?`,
  );
  const fromOldestOfSubject = db.query<RuleRecord, [string, number, number]>(
    `${RULE_RECORD}
    WHERE rule.subject_id = (SELECT id FROM subject WHERE name = ?) AND rule.id > ?
    ORDER BY rule.id
    LIMIT ?`,
  );
  const byEnd = createEndReader(connection);
  const readerOf =
    ({ scope, subject, state, order }: RuleQuery) =>
    (beyond: number, count: number): readonly RuleRecord[] =>
      connection.read(() => {
        if (order === "asc") {
          if (subject !== undefined) return fromOldestOfSubject.all(subject, beyond, count);
          return (scope === "global" ? fromOldestGlobal : fromOldest).all(beyond, count);
        }
        if (subject !== undefined) return ofSubject.all(subject, beyond, count);
        if (scope === "global") return ofGlobal.all(beyond, count);
        if (state === "lifted") return past.all(beyond, count);
        return everything.all(beyond, count);
      });

  return {
    list: async (query, nowSeconds) => {
      const q = query.q?.toLowerCase();
      const isAscending = query.order === "asc";
      const request = {
        limit: query.limit,
        // Rules of a staged or abandoned import are left out of any list.
        isFiltered:
          q !== undefined ||
          query.state !== undefined ||
          query.via !== undefined ||
          query.scope === "subject",
        pick: (record: RuleRecord) => {
          if (!isShown(record)) return undefined;
          if (query.scope !== undefined && (record.subject === null) !== (query.scope === "global"))
            return undefined;
          if (q !== undefined && !contains(record, q)) return undefined;
          const rule = toStoredRule(record, nowSeconds);
          if (query.via !== undefined && rule.addedBy.via !== query.via) return undefined;
          return query.state === undefined || rule.state === query.state ? rule : undefined;
        },
        pause,
      };
      if (query.sort === "end") {
        const { read, places } = byEnd(query, nowSeconds);
        return readPageFrom({ ...request, read }, places);
      }
      const list = isAscending ? "rules-asc" : "rules";
      const { cursor } = query;
      return readPage({ ...request, list, isAscending, cursor, read: readerOf(query) });
    },
    active: async function* (nowSeconds) {
      let after = 0;
      for (;;) {
        const from = after;
        const records = connection.read(() => oldestFirst.all(from, CHUNK));
        for (const record of records) {
          after = record.id;
          const rule = toStoredRule(record, nowSeconds());
          if (isShown(record) && rule.state !== "expired") yield rule;
        }
        if (records.length < CHUNK) return;
        await pause();
      }
    },
  };
}

function contains(record: RuleRecord, q: string): boolean {
  return [record.subject ?? "", record.reason, record.text].some((text) =>
    text.toLowerCase().includes(q),
  );
}
