/** Fragments of queries for rules. */
import type { Sql } from "./database.ts";

/** The columns of a `RuleRecord`, for a nested fragment. */
export function ruleColumns(sql: Sql) {
  return sql`rule.id::float8 AS id, rule.subject, rule.issuer, rule.text, rule.format::int4 AS format,
    rule.expire_at::float8 AS expire_at, rule.reason, rule.state::int4 AS state,
    rule.import_id::float8 AS import_id, rule.added_at::float8 AS added_at, rule.who, rule.via,
    rule.origin, rule.ended_at::float8 AS ended_at, rule.lifted_who, rule.lifted_via,
    rule.lifted_origin, rule.lift_reason,
    greatest(rule.seq, coalesce((
      SELECT rule_import.seq FROM rule_import WHERE rule_import.id = rule.import_id
    ), 0))::float8 AS seq`;
}

/** Rules of imports that are not in force are nobody's business. */
export function isShown(sql: Sql) {
  return sql`(rule.import_id = 0 OR rule.import_id NOT IN (
    SELECT id FROM rule_import WHERE rule_import.state <> 1
  ))`;
}
