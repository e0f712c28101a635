/** Lists rules for people: filtered by the database, page by page, newest first or oldest. */
import {
  checkLimit,
  firstEndPlace,
  NEVER_ENDS,
  parseCursor,
  parseEndCursor,
  toCursor,
  toEndCursor,
} from "../core/revocation/page-cursor.ts";
import type { Page, RuleQuery, StoredRule } from "../core/revocation/store.ts";
import { ENDED, LIFTED, type RuleRecord, toStoredRule } from "../core/revocation/stored-records.ts";
import type { Database, Sql } from "./database.ts";
import { isShown, ruleColumns } from "./rule-records.ts";

/** Rules read at a time for an export. */
const CHUNK = 500;

/** @throws AppError invalid (path `/cursor`, `/limit`), unavailable */
export async function listRules(
  database: Database,
  query: RuleQuery,
  nowSeconds: number,
): Promise<Page<StoredRule>> {
  if (query.sort === "end") return listByEnd(database, query, nowSeconds);
  const { limit, cursor, order } = query;
  checkLimit(limit);
  const list = order === "asc" ? "rules-asc" : "rules";
  const beyond = cursor === undefined ? undefined : parseCursor(list, cursor);
  const records = await database.read((sql) => {
    const conditions = conditionsOf(sql, query, nowSeconds);
    return order === "asc"
      ? sql<RuleRecord[]>`
          SELECT ${ruleColumns(sql)}
          FROM rule
          WHERE rule.id > ${beyond ?? 0}::bigint ${conditions}
          ORDER BY rule.id
          LIMIT ${limit + 1}`
      : sql<RuleRecord[]>`
          SELECT ${ruleColumns(sql)}
          FROM rule
          WHERE rule.id < ${beyond ?? Number.MAX_SAFE_INTEGER}::bigint ${conditions}
          ORDER BY rule.id DESC
          LIMIT ${limit + 1}`;
  });
  const shown = records.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map((record) => toStoredRule(record, nowSeconds)),
    cursor: records.length > limit && last !== undefined ? toCursor(list, last.id) : undefined,
  };
}

/** A rule that never ends comes after all that do. */
async function listByEnd(
  database: Database,
  query: RuleQuery,
  nowSeconds: number,
): Promise<Page<StoredRule>> {
  const { limit, cursor } = query;
  const isAscending = query.order === "asc";
  checkLimit(limit);
  const list = isAscending ? "rules-end-asc" : "rules-end";
  const { ends, id } =
    cursor === undefined ? firstEndPlace(isAscending) : parseEndCursor(list, cursor);
  const records = await database.read((sql) => {
    const conditions = conditionsOf(sql, query, nowSeconds);
    const key = sql`(CASE expire_at WHEN 0 THEN 9007199254740991 ELSE expire_at END)`;
    return isAscending
      ? sql<RuleRecord[]>`
          SELECT ${ruleColumns(sql)}
          FROM rule
          WHERE (${key}, rule.id) > (${ends}::bigint, ${id}::bigint) ${conditions}
          ORDER BY ${key}, rule.id
          LIMIT ${limit + 1}`
      : sql<RuleRecord[]>`
          SELECT ${ruleColumns(sql)}
          FROM rule
          WHERE (${key}, rule.id) < (${ends}::bigint, ${id}::bigint) ${conditions}
          ORDER BY ${key} DESC, rule.id DESC
          LIMIT ${limit + 1}`;
  });
  const shown = records.slice(0, limit);
  const last = shown.at(-1);
  const place = last && { ends: last.expire_at === 0 ? NEVER_ENDS : last.expire_at, id: last.id };
  return {
    items: shown.map((record) => toStoredRule(record, nowSeconds)),
    cursor: records.length > limit && place !== undefined ? toEndCursor(list, place) : undefined,
  };
}

/** Rules in force, oldest first. */
export async function* activeRules(
  database: Database,
  nowSeconds: () => number,
): AsyncGenerator<StoredRule> {
  let after = 0;
  for (;;) {
    const from = after;
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const records = await database.read(
      (sql) => sql<RuleRecord[]>`
        SELECT ${ruleColumns(sql)}
        FROM rule
        WHERE rule.id > ${from}::bigint AND rule.state = 0 AND ${isShown(sql)}
        ORDER BY rule.id
        LIMIT ${CHUNK}`,
    );
    for (const record of records) {
      after = record.id;
      const rule = toStoredRule(record, nowSeconds());
      if (rule.state !== "expired") yield rule;
    }
    if (records.length < CHUNK) return;
  }
}

/** Each begins with AND. */
function conditionsOf(sql: Sql, { scope, subject, state, via, q }: RuleQuery, now: number) {
  const ofScope = scope === "global" ? sql`AND subject IS NULL` : sql`AND subject IS NOT NULL`;
  return sql`AND ${isShown(sql)}
    ${scope === undefined ? sql`` : ofScope}
    ${subject === undefined ? sql`` : sql`AND left(subject, 256) = left(${subject}::text, 256) AND subject = ${subject}::text`}
    ${via === undefined ? sql`` : sql`AND via = ${via}::text`}
    ${state === undefined ? sql`` : sql`AND ${stateOf(sql, state, now)}`}
    ${q === undefined ? sql`` : sql`AND ${contains(sql, q)}`}`;
}

function stateOf(sql: Sql, state: NonNullable<RuleQuery["state"]>, now: number) {
  const isOver = sql`(expire_at <> 0 AND expire_at <= ${now}::bigint)`;
  switch (state) {
    case "lifted":
      return sql`rule.state = ${LIFTED}::int2`;
    case "expired":
      return sql`(rule.state = ${ENDED}::int2 OR (rule.state = 0 AND ${isOver}))`;
    case "active":
      return sql`(rule.state = 0 AND format = 1 AND NOT ${isOver})`;
    case "unreadable":
      return sql`(rule.state = 0 AND format <> 1 AND NOT ${isOver})`;
  }
}

/** Without regard to ASCII case, as PostgreSQL's collation "C" has it. */
function contains(sql: Sql, q: string) {
  return sql`strpos(
    lower((coalesce(subject, '') || E'\n' || reason || E'\n' || rule.text) COLLATE "C"),
    lower(${q}::text COLLATE "C")
  ) > 0`;
}
