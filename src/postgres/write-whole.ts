/** Writes a whole store into a database that holds none yet: all of it in one transaction, or nothing. */
import { AppError } from "../core/app-error.ts";
import type { Actor } from "../core/revocation/store.ts";
import type { Copied, KeptRule, WholeStore } from "../core/revocation/whole-store.ts";
import type { Sql } from "./database.ts";
import { appendAudit, appendJournal, changeAlone, type Parts } from "./parts.ts";
import { ENDED, LIFTED } from "../core/revocation/stored-records.ts";

/**
 * @param name what it comes from, for the audit
 * @throws AppError conflict where there is a store already; invalid for what PostgreSQL cannot hold;
 *   unavailable, with nothing written; unknown
 */
export async function writeWholeStore(
  parts: Parts,
  whole: WholeStore,
  name: string,
  actor: Actor,
): Promise<Copied> {
  const { copied, seq } = await changeAlone(parts, async (sql) => {
    await demandEmpty(sql);
    const atMs = parts.nowMs();
    const importId = await openImport(sql, name, atMs);
    const people = await writePeople(sql, whole);
    const apiTokens = await writeApiTokens(sql, whole);
    const { seq } = await appendJournal(sql, {
      atMs,
      kind: "rules_imported",
      scope: "all",
      subject: undefined,
      ruleId: undefined,
      importId,
    });
    const rules = await writeRules(sql, whole, importId, seq);
    const audit = await writeAudit(sql, whole);
    const copied: Copied = { rules, people, apiTokens, audit };
    const reason = `${rules} rules, ${people} people, ${apiTokens} API tokens, ${audit} audit rows`;
    const entry = { action: "store.import", target: name, reason, outcome: "done" } as const;
    await appendAudit(sql, entry, actor, atMs);
    return { copied, seq };
  });
  await parts.onWritten(seq);
  return copied;
}

async function demandEmpty(sql: Sql): Promise<void> {
  const [row] = await sql<{ count: number }[]>`
    SELECT ((SELECT count(*) FROM rule) + (SELECT count(*) FROM person)
      + (SELECT count(*) FROM api_token) + (SELECT count(*) FROM audit))::float8 AS count`;
  if (row?.count === 0) return;
  throw new AppError(
    "conflict",
    "the database holds a store already: nothing was copied. Copy before the first machine is started on it",
  );
}

/** Followers read what an import has brought by its number: what stands, and nothing else. */
async function openImport(sql: Sql, name: string, atMs: number): Promise<number> {
  const [row] = await sql<{ id: number }[]>`
    INSERT INTO rule_import (source, state, started_at_ms)
    VALUES (${name}, 1, ${atMs}::float8)
    RETURNING id::float8`;
  if (row === undefined) throw new TypeError("an import got no id");
  return row.id;
}

async function writeRules(
  sql: Sql,
  whole: WholeStore,
  importId: number,
  seq: number,
): Promise<number> {
  let count = 0;
  for await (const page of whole.rules()) {
    const rows = page.map((rule) => toRow(rule, importId));
    await sql`
      INSERT INTO rule (id, subject, issuer, text, format, expire_at, reason, state, import_id,
        added_at, who, via, origin, ended_at, lifted_who, lifted_via, lifted_origin, lift_reason, seq)
      OVERRIDING SYSTEM VALUE
      SELECT (item ->> 'id')::bigint, item ->> 'subject', item ->> 'issuer', item ->> 'text',
        (item ->> 'format')::int2, (item ->> 'expireAt')::bigint, item ->> 'reason',
        (item ->> 'state')::int2, (item ->> 'importId')::bigint, (item ->> 'addedAt')::bigint,
        item ->> 'who', item ->> 'via', item ->> 'origin', (item ->> 'endedAt')::bigint,
        item ->> 'liftedWho', item ->> 'liftedVia', item ->> 'liftedOrigin', item ->> 'liftReason', ${seq}::bigint
      FROM jsonb_array_elements(${toJson(rows)}::text::jsonb) AS rows (item)`;
    count += page.length;
  }
  await sql`
    UPDATE tally
    SET count = (
      SELECT count(*)
      FROM rule
      WHERE CASE name
        WHEN 'global' THEN state = 0 AND subject IS NULL
        WHEN 'subject' THEN state = 0 AND subject IS NOT NULL
        WHEN 'lifted' THEN state = ${LIFTED}::int2
        ELSE state = ${ENDED}::int2
      END
    )`;
  await sql`UPDATE rule_import SET rules = ${count}::bigint WHERE id = ${importId}::bigint`;
  await goOnAfter(sql, "rule");
  return count;
}

function toRow(rule: KeptRule, importId: number): Readonly<Record<string, string | number | null>> {
  const { lifted, state } = rule;
  const stands = state === "stands";
  return {
    id: rule.id,
    subject: rule.subject ?? null,
    issuer: rule.issuer ?? null,
    text: rule.text,
    format: rule.format,
    expireAt: rule.expireAt,
    reason: rule.reason,
    state: stands ? 0 : state === "lifted" ? LIFTED : ENDED,
    importId: stands ? importId : 0,
    addedAt: rule.addedAt,
    who: rule.addedBy.who,
    via: rule.addedBy.via,
    origin: rule.addedBy.from,
    endedAt: rule.endedAt ?? null,
    liftedWho: lifted?.by.who ?? null,
    liftedVia: lifted?.by.via ?? null,
    liftedOrigin: lifted?.by.from ?? null,
    liftReason: lifted?.reason ?? null,
  };
}

async function writeAudit(sql: Sql, whole: WholeStore): Promise<number> {
  let count = 0;
  for await (const page of whole.audit()) {
    await sql`
      INSERT INTO audit (id, at_ms, who, via, origin, action, target, reason, outcome, detail)
      OVERRIDING SYSTEM VALUE
      SELECT (item ->> 'id')::bigint, (item ->> 'atMs')::float8, item -> 'actor' ->> 'who',
        item -> 'actor' ->> 'via', item -> 'actor' ->> 'from', item ->> 'action', item ->> 'target',
        item ->> 'reason', item ->> 'outcome', item ->> 'detail'
      FROM jsonb_array_elements(${toJson(page)}::text::jsonb) AS rows (item)`;
    count += page.length;
  }
  await goOnAfter(sql, "audit");
  return count;
}

async function writePeople(sql: Sql, whole: WholeStore): Promise<number> {
  const people = await whole.people();
  await sql`
    INSERT INTO person (name, role, password_hash, created_at, password_changed_at)
    SELECT item ->> 'name', item ->> 'role', item ->> 'passwordHash', (item ->> 'createdAt')::bigint,
      (item ->> 'passwordChangedAt')::bigint
    FROM jsonb_array_elements(${toJson(people)}::text::jsonb) AS rows (item)`;
  return people.length;
}

async function writeApiTokens(sql: Sql, whole: WholeStore): Promise<number> {
  const tokens = await whole.apiTokens();
  await sql`
    INSERT INTO api_token (name, role, secret_hash, created_at, created_by, revoked_at, last_used_at)
    SELECT item ->> 'name', item ->> 'role', item ->> 'secretHash', (item ->> 'createdAt')::bigint,
      item ->> 'createdBy', (item ->> 'revokedAt')::bigint, (item ->> 'lastUsedAt')::bigint
    FROM jsonb_array_elements(${toJson(tokens)}::text::jsonb) WITH ORDINALITY AS rows (item, place)
    ORDER BY place`;
  return tokens.length;
}

/** Numbers that were brought along are not given again. */
async function goOnAfter(sql: Sql, table: "rule" | "audit"): Promise<void> {
  const [row] =
    table === "rule"
      ? await sql<{ id: number }[]>`SELECT coalesce(max(id), 0)::float8 AS id FROM rule`
      : await sql<{ id: number }[]>`SELECT coalesce(max(id), 0)::float8 AS id FROM audit`;
  if (row === undefined || row.id === 0) return;
  await sql`SELECT setval(pg_get_serial_sequence(${table}, 'id'), ${row.id}::bigint)`;
}

/** One parameter for any number of rows. @throws AppError invalid for a NUL, or half a surrogate pair */
function toJson(rows: readonly object[]): string {
  const text = JSON.stringify(rows);
  const bad = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/.exec(text);
  if (bad === null) return text;
  const around =
    text
      .slice(0, bad.index)
      .match(/"(?:id|name)":("?[^",]*)/g)
      ?.at(-1) ?? "";
  throw new AppError("invalid", `PostgreSQL cannot hold a character (NUL …) near ${around}`);
}
