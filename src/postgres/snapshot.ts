/** Reads rules in bulk for replicas: all in force as of one moment, or those of one import. */
import type { RuleRecord } from "../core/revocation/stored-records.ts";
import type { Sql } from "./database.ts";
import type { RuleContent } from "./journal.ts";

const PAGE = 2000;

type ContentRecord = Pick<
  RuleRecord,
  "id" | "subject" | "issuer" | "text" | "format" | "expire_at"
>;

/** Rules in force in pages, for a transaction that sees one moment. */
export async function* readRules(sql: Sql): AsyncGenerator<readonly RuleContent[]> {
  for (let after = 0; ;) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const records: readonly ContentRecord[] = await sql<ContentRecord[]>`
      SELECT id::float8, subject, issuer, text, format::int4, expire_at::float8
      FROM rule
      WHERE rule.id > ${after}::bigint AND state = 0
        AND (import_id = 0
          OR import_id NOT IN (SELECT rule_import.id FROM rule_import WHERE rule_import.state <> 1))
      ORDER BY rule.id
      LIMIT ${PAGE}`;
    yield records.map(toContent);
    after = records.at(-1)?.id ?? after;
    if (records.length < PAGE) return;
  }
}

/** The next rules of an import, by id; fewer than a page are the last ones. */
export async function readImported(
  sql: Sql,
  importId: number,
  afterId: number,
): Promise<{ readonly rules: readonly RuleContent[]; readonly isLast: boolean }> {
  // Lifted ones too: their lifting is an entry of its own, further on in the journal.
  const records = await sql<ContentRecord[]>`
    SELECT id::float8, subject, issuer, text, format::int4, expire_at::float8
    FROM rule
    WHERE rule.import_id = ${importId}::bigint AND rule.id > ${afterId}::bigint
    ORDER BY rule.id
    LIMIT ${PAGE}`;
  return { rules: records.map(toContent), isLast: records.length < PAGE };
}

function toContent(record: ContentRecord): RuleContent {
  return {
    id: record.id,
    subject: record.subject ?? undefined,
    issuer: record.issuer ?? undefined,
    text: record.text,
    format: record.format,
    expireAt: record.expire_at,
  };
}
