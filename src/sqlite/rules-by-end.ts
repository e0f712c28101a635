/** Reads rules by when they end, from any place on, without looking at all of them. */
import {
  type EndPlace,
  firstEndPlace,
  NEVER_ENDS,
  parseEndCursor,
  toEndCursor,
} from "../core/revocation/page-cursor.ts";
import type { RuleQuery } from "../core/revocation/store.ts";
import type { Connection } from "./connection.ts";
import type { Places } from "./paging.ts";
import { RULE_RECORD, type RuleRecord } from "./rule-table.ts";

export interface EndReader {
  readonly read: (beyond: EndPlace, count: number) => readonly RuleRecord[];
  readonly places: Places<RuleRecord, EndPlace>;
}

/** Prepares the statements once; the function gives what a query needs of them. */
export function createEndReader(
  connection: Connection,
): (query: RuleQuery, nowSeconds: number) => EndReader {
  const all = prepare(connection, "", "");
  const past = prepare(connection, "rule.state > 0 AND", "");
  // The few rules of one scope are sorted: the + keeps SQLite from going through all others instead.
  const ofGlobal = prepare(connection, "rule.subject_id IS NULL AND", "+");
  const ofSubject = prepare(
    connection,
    "rule.subject_id = (SELECT id FROM subject WHERE name = ?4) AND",
    "+",
  );
  return ({ scope, subject, state, order, cursor }, nowSeconds) => {
    const isAscending = order === "asc";
    const way = isAscending ? "up" : "down";
    const list = isAscending ? "rules-end-asc" : "rules-end";
    const read = ({ ends, id }: EndPlace, count: number) =>
      connection.read(() => {
        if (subject !== undefined) return ofSubject[way].all(ends, id, count, subject);
        if (scope === "global") return ofGlobal[way].all(ends, id, count);
        return (state === "lifted" ? past : all)[way].all(ends, id, count);
      });
    const start = (): EndPlace => {
      if (cursor !== undefined) return parseEndCursor(list, cursor);
      // Those whose time is over lie all on one side of now: a list without them begins behind them.
      if (state === "active" && isAscending) return { ends: nowSeconds, id: NEVER_ENDS };
      if (state === "expired" && !isAscending) return { ends: nowSeconds, id: NEVER_ENDS };
      return firstEndPlace(isAscending);
    };
    return {
      read,
      places: {
        start,
        placeOf: ({ id, expire_at: expireAt }) => ({
          ends: expireAt === 0 ? NEVER_ENDS : expireAt,
          id,
        }),
        toCursor: (place) => toEndCursor(list, place),
      },
    };
  };
}

/** @param plus `+` where the order is not to be an index's */
function prepare({ db }: Connection, condition: string, plus: "" | "+") {
  const up = `${RULE_RECORD}
    WHERE ${condition} (${plus}rule.ends, rule.id) > (?1, ?2)
    ORDER BY ${plus}rule.ends, rule.id
    LIMIT ?3`;
  const down = `${RULE_RECORD}
    WHERE ${condition} (${plus}rule.ends, rule.id) < (?1, ?2)
    ORDER BY ${plus}rule.ends DESC, rule.id DESC
    LIMIT ?3`;
  return {
    up: db.query<RuleRecord, (string | number)[]>(up),
    down: db.query<RuleRecord, (string | number)[]>(down),
  };
}
