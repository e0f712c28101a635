/** The rule store on SQLite: each change is one transaction of rule, journal, index and audit. */
import { AppError } from "../core/app-error.ts";
import { checkNewRule, checkReason } from "../core/revocation/new-rule.ts";
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
import type { Parts } from "./parts.ts";
import { beginImport } from "./rule-import.ts";
import { createRuleListing, type RuleListing } from "./rule-listing.ts";
import { ENDED, LIFTED, toStoredRule } from "../core/revocation/stored-records.ts";
import { GIVEN_UP } from "./rule-table.ts";

export function createRuleStore(parts: Parts): RuleStore {
  return new SqliteRuleStore(parts);
}

class SqliteRuleStore implements RuleStore {
  readonly #parts: Parts;
  readonly #listing: RuleListing;
  readonly #countEnded;
  readonly #countUnreadable;

  constructor(parts: Parts) {
    const { db } = parts.connection;
    this.#parts = parts;
    this.#listing = createRuleListing(
      parts.connection,
      (importId) => parts.rows.readHiddenImports().has(importId),
      parts.pause,
    );
    this.#countEnded = db.query<{ count: number }, [number]>(
      "SELECT count(*) AS count FROM rule WHERE state = 0 AND expire_at > 0 AND expire_at <= ?",
    );
    this.#countUnreadable = db.query<{ count: number }, []>(
      "SELECT count(*) AS count FROM rule WHERE state = 0 AND format <> 1",
    );
  }

  get epoch(): string {
    return this.#parts.index.epoch;
  }

  async seq(): Promise<number> {
    return this.#parts.journal.readSeq();
  }

  async addRule(input: NewRule, actor: Actor, once?: Once): Promise<Written> {
    const nowSeconds = this.#nowSeconds();
    checkNewRule(input, nowSeconds);
    return this.#change(once, () => this.#add(input, actor));
  }

  async liftRule(id: number, reason: string, actor: Actor, once?: Once): Promise<Written> {
    checkReason(reason);
    return this.#change(once, () => this.#lift(id, reason, actor));
  }

  async getRule(id: number): Promise<StoredRule | undefined> {
    const { connection, rows, table } = this.#parts;
    const record = connection.read(() => table.find(id));
    if (record === undefined || record.state === GIVEN_UP) return undefined;
    if (record.import_id !== 0 && rows.readHiddenImports().has(record.import_id)) return undefined;
    return toStoredRule(record, this.#nowSeconds());
  }

  async listRules(query: RuleQuery): Promise<Page<StoredRule>> {
    return this.#listing.list(query, this.#nowSeconds());
  }

  activeRules(): AsyncIterable<StoredRule> {
    return this.#listing.active(() => this.#nowSeconds());
  }

  async counts(): Promise<RuleCounts> {
    const { connection, table } = this.#parts;
    return connection.read(() => {
      const unswept = this.#countEnded.get(this.#nowSeconds())?.count ?? 0;
      return {
        active: table.readTally("global") + table.readTally("subject") - unswept,
        expired: table.readTally("ended") + unswept,
        lifted: table.readTally("lifted"),
        unreadable: this.#countUnreadable.get()?.count ?? 0,
      };
    });
  }

  async beginImport(actor: Actor, source: string): Promise<RuleImport> {
    return beginImport(this.#parts, actor, source);
  }

  async changesSince(seq: number, limit: number): Promise<readonly Change[] | undefined> {
    return this.#parts.journal.readChanges(seq, limit);
  }

  async noteKeysChanged(what: string): Promise<number> {
    const { connection, journalWriter, audit, changes } = this.#parts;
    const seq = await connection.write(() => {
      const atMs = this.#parts.nowMs();
      audit.append(
        { action: "keys.change", target: "keys", reason: what, outcome: "done" },
        { who: "server", via: "server", from: "local" },
        atMs,
      );
      return journalWriter.append({
        atMs,
        kind: "keys_changed",
        scope: "all",
        subject: undefined,
        ruleId: undefined,
      });
    });
    await changes.publish();
    return seq;
  }

  onChange(listener: (changes: readonly Change[]) => void): () => void {
    return this.#parts.changes.onChange(listener);
  }

  async appendAudit(entry: AuditEntry, actor: Actor): Promise<void> {
    const { connection, audit, nowMs } = this.#parts;
    await connection.write(() => audit.append(entry, actor, nowMs()));
  }

  async listAudit(query: AuditQuery): Promise<Page<AuditRow>> {
    return this.#parts.audit.list(query, this.#parts.pause);
  }

  /** One transaction, then everyone is told; a key that has done it before only gets its answer. */
  async #change(once: Once | undefined, change: () => Written): Promise<Written> {
    const { connection, once: table, changes } = this.#parts;
    const written = await connection.write(() => {
      const nowSeconds = this.#nowSeconds();
      const before = table.find(once, nowSeconds);
      if (before !== undefined) return before;
      const now = change();
      table.keep(once, now, nowSeconds);
      return now;
    });
    await changes.publish();
    return written;
  }

  #add(input: NewRule, actor: Actor): Written {
    const { actors, audit, journal, journalWriter, table } = this.#parts;
    const atMs = this.#parts.nowMs();
    const { scope, rule, expireAt, reason } = input;
    const seq = journal.readSeq() + 1;
    const nowSeconds = Math.floor(atMs / 1000);
    const actorId = actors.idOf(actor);
    const id = table.insert(input, { actorId, nowSeconds, seq, importId: 0 });
    const given = journalWriter.append({
      atMs,
      kind: "rule_added",
      scope: scope.kind,
      subject: scope.kind === "subject" ? scope.subject : undefined,
      ruleId: id,
    });
    if (given !== seq) throw new TypeError("the journal's numbers have a gap");
    const detail = JSON.stringify({ ...scope, expireAt, rule: rule.text });
    audit.append(
      { action: "rule.add", target: String(id), reason, outcome: "done", detail },
      actor,
      atMs,
    );
    return { id, seq, replayed: false };
  }

  #lift(id: number, reason: string, actor: Actor): Written {
    const { actors, audit, journalWriter, rows, table } = this.#parts;
    const record = table.find(id);
    const isStaged = record !== undefined && rows.readHiddenImports().has(record.import_id);
    if (record === undefined || record.state === GIVEN_UP || isStaged) {
      throw new AppError("not_found", `there is no rule ${id}`);
    }
    if (record.state === LIFTED) throw new AppError("conflict", `rule ${id} is lifted already`);
    if (record.state === ENDED) throw new AppError("conflict", `rule ${id} has ended by itself`);
    const atMs = this.#parts.nowMs();
    const seq = journalWriter.append({
      atMs,
      kind: "rule_lifted",
      scope: record.subject === null ? "global" : "subject",
      subject: record.subject ?? undefined,
      ruleId: id,
    });
    table.end(record, LIFTED, Math.floor(atMs / 1000));
    table.setLifted(id, actors.idOf(actor), reason, seq);
    audit.append({ action: "rule.lift", target: String(id), reason, outcome: "done" }, actor, atMs);
    return { id, seq, replayed: false };
  }

  #nowSeconds(): number {
    return Math.floor(this.#parts.nowMs() / 1000);
  }
}
