/** The rule store on PostgreSQL: each change is one transaction of rule, journal and audit. */
import { AppError } from "../core/app-error.ts";
import { checkNewRule, checkReason } from "../core/revocation/new-rule.ts";
import { RULE_FORMAT } from "../core/revocation/rule.ts";
import type {
  Actor,
  AuditEntry,
  AuditQuery,
  AuditRow,
  Change,
  NewRule,
  Once,
  Page,
  RuleCounts,
  RuleImport,
  RuleQuery,
  RuleStore,
  StoredRule,
  Written,
} from "../core/revocation/store.ts";
import { ENDED, LIFTED, type RuleRecord, toStoredRule } from "../core/revocation/stored-records.ts";
import { listAudit } from "./audit.ts";
import type { Sql } from "./database.ts";
import { readChanges, readHead, readHistory } from "./journal.ts";
import { checkTexts } from "./texts.ts";
import { findOnce, keepOnce } from "./once.ts";
import { appendAudit, appendJournal, change, changeAlone, type Parts } from "./parts.ts";
import { beginImport } from "./rule-import.ts";
import { activeRules, listRules } from "./rule-listing.ts";
import { isShown, ruleColumns } from "./rule-records.ts";

/** What of a rule store reads and writes the database; hearing of changes is the replica's. */
export type PostgresRules = Omit<RuleStore, "epoch" | "onChange">;

export function createRuleStore(parts: Parts): PostgresRules {
  return new PostgresRuleStore(parts);
}

class PostgresRuleStore implements PostgresRules {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async seq(): Promise<number> {
    return this.#parts.database.read(readHead);
  }

  async addRule(input: NewRule, actor: Actor, once?: Once): Promise<Written> {
    checkNewRule(input, this.#nowSeconds());
    checkTexts(input);
    return this.#change(once, (sql) => this.#add(sql, input, actor));
  }

  async liftRule(id: number, reason: string, actor: Actor, once?: Once): Promise<Written> {
    checkReason(reason);
    return this.#change(once, (sql) => this.#lift(sql, id, reason, actor));
  }

  async getRule(id: number): Promise<StoredRule | undefined> {
    const record = await this.#parts.database.read((sql) => find(sql, id));
    return record === undefined ? undefined : toStoredRule(record, this.#nowSeconds());
  }

  async listRules(query: RuleQuery): Promise<Page<StoredRule>> {
    return listRules(this.#parts.database, query, this.#nowSeconds());
  }

  activeRules(): AsyncIterable<StoredRule> {
    return activeRules(this.#parts.database, () => this.#nowSeconds());
  }

  async counts(): Promise<RuleCounts> {
    const now = this.#nowSeconds();
    const [row] = await this.#parts.database.read(
      (sql) => sql<(RuleCounts & { unswept: number })[]>`
        SELECT
          (SELECT sum(count)::float8 FROM tally WHERE name IN ('global', 'subject')) AS active,
          (SELECT count::float8 FROM tally WHERE name = 'ended') AS expired,
          (SELECT count::float8 FROM tally WHERE name = 'lifted') AS lifted,
          (SELECT count(*)::float8 FROM rule WHERE state = 0 AND format <> 1) AS unreadable,
          (SELECT count(*)::float8 FROM rule
            WHERE state = 0 AND expire_at > 0 AND expire_at <= ${now}::bigint
              AND ${isShown(sql)}) AS unswept`,
    );
    const { active = 0, expired = 0, lifted = 0, unreadable = 0, unswept = 0 } = row ?? {};
    return { active: active - unswept, expired: expired + unswept, lifted, unreadable };
  }

  async beginImport(actor: Actor, source: string): Promise<RuleImport> {
    return beginImport(this.#parts, actor, source);
  }

  async changesSince(seq: number, limit: number): Promise<readonly Change[] | undefined> {
    return this.#parts.database.read((sql) => readChanges(sql, seq, limit));
  }

  async noteKeysChanged(what: string): Promise<number> {
    const { seq } = await changeAlone(this.#parts, async (sql) => {
      const atMs = this.#parts.nowMs();
      await appendAudit(
        sql,
        { action: "keys.change", target: "keys", reason: what, outcome: "done" },
        { who: "server", via: "server", from: "local" },
        atMs,
      );
      return appendJournal(sql, {
        atMs,
        kind: "keys_changed",
        scope: "all",
        subject: undefined,
        ruleId: undefined,
      });
    });
    await this.#parts.onWritten(seq);
    return seq;
  }

  async appendAudit(entry: AuditEntry, actor: Actor): Promise<void> {
    await change(this.#parts, (sql) => appendAudit(sql, entry, actor, this.#parts.nowMs()));
  }

  async listAudit(query: AuditQuery): Promise<Page<AuditRow>> {
    return listAudit(this.#parts.database, query);
  }

  /** One transaction; a key that has done it before only gets its answer. */
  async #change(once: Once | undefined, work: (sql: Sql) => Promise<Written>): Promise<Written> {
    const written = await changeAlone(this.#parts, async (sql) => {
      const nowSeconds = this.#nowSeconds();
      const before = await findOnce(sql, once, nowSeconds);
      // Its number is one of the present history's, whatever it was written in.
      if (before !== undefined) return { ...before, epoch: (await readHistory(sql)).epoch };
      const now = await work(sql);
      await keepOnce(sql, once, now, nowSeconds);
      return now;
    });
    await this.#parts.onWritten(written.seq);
    return written;
  }

  async #add(sql: Sql, input: NewRule, actor: Actor): Promise<Written> {
    const atMs = this.#parts.nowMs();
    const { scope, rule, expireAt, reason } = input;
    const subject = scope.kind === "subject" ? scope.subject : undefined;
    const issuer = scope.kind === "subject" ? scope.issuer : undefined;
    const [row] = await sql<{ id: number }[]>`
      INSERT INTO rule (subject, issuer, text, format, expire_at, reason, added_at, who, via, origin,
        seq)
      SELECT ${subject ?? null}::text, ${issuer ?? null}::text, ${rule.text}, ${RULE_FORMAT}::int2,
        ${expireAt}::bigint, ${reason}, ${Math.floor(atMs / 1000)}::bigint, ${actor.who},
        ${actor.via}, ${actor.from}, store.seq + 1
      FROM store
      RETURNING id::float8`;
    if (row === undefined) throw new TypeError("a rule got no id");
    await sql`
      UPDATE tally
      SET count = count + 1
      WHERE name = ${subject === undefined ? "global" : "subject"}`;
    const place = await appendJournal(sql, {
      atMs,
      kind: "rule_added",
      scope: scope.kind,
      subject,
      ruleId: row.id,
      rule: { id: row.id, subject, issuer, text: rule.text, format: RULE_FORMAT, expireAt },
    });
    const detail = JSON.stringify({ ...scope, expireAt, rule: rule.text });
    await appendAudit(
      sql,
      { action: "rule.add", target: String(row.id), reason, outcome: "done", detail },
      actor,
      atMs,
    );
    return { id: row.id, ...place, replayed: false };
  }

  async #lift(sql: Sql, id: number, reason: string, actor: Actor): Promise<Written> {
    const record = await find(sql, id);
    if (record === undefined) throw new AppError("not_found", `there is no rule ${id}`);
    if (record.state === LIFTED) throw new AppError("conflict", `rule ${id} is lifted already`);
    if (record.state === ENDED) throw new AppError("conflict", `rule ${id} has ended by itself`);
    const atMs = this.#parts.nowMs();
    const isGlobal = record.subject === null;
    const place = await appendJournal(sql, {
      atMs,
      kind: "rule_lifted",
      scope: isGlobal ? "global" : "subject",
      subject: record.subject ?? undefined,
      ruleId: id,
    });
    await sql`
      UPDATE rule
      SET state = ${LIFTED}::int2, ended_at = ${Math.floor(atMs / 1000)}::bigint,
        lifted_who = ${actor.who}, lifted_via = ${actor.via}, lifted_origin = ${actor.from},
        lift_reason = ${reason}, seq = ${place.seq}::bigint
      WHERE id = ${id}::bigint`;
    await sql`
      UPDATE tally
      SET count = count + CASE name WHEN 'lifted' THEN 1 ELSE -1 END
      WHERE name IN ('lifted', ${isGlobal ? "global" : "subject"})`;
    await appendAudit(
      sql,
      { action: "rule.lift", target: String(id), reason, outcome: "done" },
      actor,
      atMs,
    );
    return { id, ...place, replayed: false };
  }

  #nowSeconds(): number {
    return Math.floor(this.#parts.nowMs() / 1000);
  }
}

async function find(sql: Sql, id: number): Promise<RuleRecord | undefined> {
  const [record] = await sql<RuleRecord[]>`
    SELECT ${ruleColumns(sql)}
    FROM rule
    WHERE rule.id = ${id}::bigint AND ${isShown(sql)}`;
  return record;
}
