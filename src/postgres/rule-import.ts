/**
 * Imports rules, all or nothing: they are written in small transactions under an import that is not
 * in force, and one small transaction puts the import in force.
 */
import { AppError } from "../core/app-error.ts";
import { checkNewRule } from "../core/revocation/new-rule.ts";
import { RULE_FORMAT } from "../core/revocation/rule.ts";
import type { Actor, ImportLine, Place, RuleImport } from "../core/revocation/store.ts";
import { checkTexts } from "./texts.ts";
import { appendAudit, appendJournal, change, changeAlone, type Parts } from "./parts.ts";

/** Rules given up in one transaction. */
const CHUNK = 5000;

export async function beginImport(parts: Parts, actor: Actor, source: string): Promise<RuleImport> {
  const id = await change(parts, async (sql) => {
    const [row] = await sql<{ id: number }[]>`
      INSERT INTO rule_import (source, started_at_ms)
      VALUES (${source}, ${parts.nowMs()}::float8)
      RETURNING id::float8`;
    return row?.id;
  });
  if (id === undefined) throw new TypeError("an import got no id");
  return new StagedImport(parts, actor, source, id);
}

/** Gives up a staged import and takes its rules away, piece by piece. */
export async function endImport(parts: Parts, importId: number): Promise<void> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- small transactions, one after the other
    const isEmpty = await change(parts, async (sql) => {
      const [open] = await sql`
        SELECT 1 FROM rule_import WHERE id = ${importId}::bigint AND state <> 1 FOR UPDATE`;
      if (open === undefined) return true;
      const gone = await sql`
        DELETE FROM rule
        WHERE id IN (
          SELECT id FROM rule WHERE import_id = ${importId}::bigint ORDER BY id LIMIT ${CHUNK}
        )`;
      if (gone.count > 0) return false;
      await sql`DELETE FROM rule_import WHERE id = ${importId}::bigint`;
      return true;
    });
    if (isEmpty) return;
  }
}

class StagedImport implements RuleImport {
  readonly #parts: Parts;
  readonly #actor: Actor;
  readonly #source: string;
  readonly #id: number;
  #globals = 0;
  #subjects = 0;
  #isOpen = true;

  constructor(parts: Parts, actor: Actor, source: string, id: number) {
    this.#parts = parts;
    this.#actor = actor;
    this.#source = source;
    this.#id = id;
  }

  async stage(lines: readonly ImportLine[]): Promise<void> {
    this.#checkOpen();
    const nowSeconds = Math.floor(this.#parts.nowMs() / 1000);
    for (const { rule } of lines) {
      checkNewRule(rule, nowSeconds);
      checkTexts(rule);
    }
    if (lines.length === 0) return;
    const columns = toColumns(lines);
    const { who, via, from } = this.#actor;
    await change(this.#parts, async (sql) => {
      // Held until the commit: an import that is given up meanwhile takes these with it.
      const [open] = await sql`
        UPDATE rule_import
        SET touched_at = clock_timestamp()
        WHERE id = ${this.#id}::bigint AND state = 0
        RETURNING id`;
      if (open === undefined) throw new AppError("conflict", "this import is over");
      // In the order of the lines, so that ids are.
      await sql`
        INSERT INTO rule (subject, issuer, text, format, expire_at, reason, import_id, added_at,
          who, via, origin, seq)
        SELECT line ->> 'subject', line ->> 'issuer', line ->> 'text', ${RULE_FORMAT}::int2,
          (line ->> 'expireAt')::bigint, line ->> 'reason', ${this.#id}::bigint,
          ${nowSeconds}::bigint, ${who}, ${via}, ${from}, 0
        FROM jsonb_array_elements(${columns}::text::jsonb) WITH ORDINALITY AS lines (line, place)
        ORDER BY place`;
    });
    for (const { rule } of lines) {
      if (rule.scope.kind === "global") this.#globals++;
      else this.#subjects++;
    }
  }

  async commit(): Promise<Place & { readonly added: number }> {
    this.#checkOpen();
    const added = this.#globals + this.#subjects;
    const place = await changeAlone(this.#parts, async (sql) => {
      const atMs = this.#parts.nowMs();
      const [committed] = await sql`
        UPDATE rule_import
        SET state = 1, rules = ${added}::bigint
        WHERE id = ${this.#id}::bigint AND state = 0
        RETURNING id`;
      if (committed === undefined) throw new AppError("conflict", "this import is over");
      await sql`
        UPDATE tally
        SET count = count + CASE name
          WHEN 'global' THEN ${this.#globals}::bigint
          ELSE ${this.#subjects}::bigint
        END
        WHERE name IN ('global', 'subject')`;
      const reason = `${added} ${added === 1 ? "rule" : "rules"} from ${this.#source}`;
      await appendAudit(
        sql,
        { action: "rule.import", target: String(this.#id), reason, outcome: "done" },
        this.#actor,
        atMs,
      );
      const appended = await appendJournal(sql, {
        atMs,
        kind: "rules_imported",
        scope: "all",
        subject: undefined,
        ruleId: undefined,
        importId: this.#id,
      });
      await sql`UPDATE rule_import SET seq = ${appended.seq}::bigint WHERE id = ${this.#id}::bigint`;
      return appended;
    });
    this.#isOpen = false;
    await this.#parts.onWritten(place.seq);
    return { added, ...place };
  }

  async abort(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await endImport(this.#parts, this.#id);
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new AppError("conflict", "this import is over");
  }
}

/** One parameter for any number of lines. */
function toColumns(lines: readonly ImportLine[]): string {
  return JSON.stringify(
    lines.map(({ rule: { scope, rule, expireAt, reason } }) => ({
      subject: scope.kind === "subject" ? scope.subject : null,
      issuer: scope.kind === "subject" ? (scope.issuer ?? null) : null,
      text: rule.text,
      expireAt,
      reason,
    })),
  );
}
