/**
 * Imports rules, all or nothing: they are written in small transactions under an import that is not
 * in force, and one small transaction puts the import in force.
 */
import { AppError } from "../core/app-error.ts";
import { checkNewRule } from "../core/revocation/new-rule.ts";
import type { Actor, ImportLine, RuleImport } from "../core/revocation/store.ts";
import type { Parts } from "./parts.ts";
import { endImport } from "./retention.ts";

/**
 * How long one transaction may take before judgements get their turn, its commit included: with a store that
 * has grown each rule goes to pages of its own, and to write them takes longer than to fill them.
 */
const TRANSACTION_MS = 10;

/** Transactions between two syncs: what is left for the one that puts the import in force stays small. */
const UNSETTLED = 8;

export async function beginImport(parts: Parts, actor: Actor, source: string): Promise<RuleImport> {
  const { connection, actors, nowMs } = parts;
  const insert = connection.db.query<{ id: number }, [string, number, number]>(
    `INSERT INTO rule_import (source, started_at, started_by, after_rule_id)
    VALUES (?, ?, ?, (SELECT coalesce(max(id), 0) FROM rule))
    RETURNING id`,
  );
  const row = await connection.write(() =>
    insert.get(source, Math.floor(nowMs() / 1000), actors.idOf(actor)),
  );
  if (row === null) throw new TypeError("an import got no id");
  parts.index.takeInStaged([]);
  return new StagedImport(parts, actor, source, row.id);
}

class StagedImport implements RuleImport {
  readonly #parts: Parts;
  readonly #actor: Actor;
  readonly #source: string;
  readonly #id: number;
  readonly #close;
  #globals = 0;
  #subjects = 0;
  #isOpen = true;
  #unsettled = 0;
  /** How long a transaction may fill pages, as the last one's commit taught. */
  #fillMs = TRANSACTION_MS / 4;

  constructor(parts: Parts, actor: Actor, source: string, id: number) {
    this.#parts = parts;
    this.#actor = actor;
    this.#source = source;
    this.#id = id;
    this.#close = parts.connection.db.query<unknown, [number, number, number]>(
      "UPDATE rule_import SET state = 1, rules = ?, seq = ? WHERE id = ? AND state = 0",
    );
  }

  async stage(lines: readonly ImportLine[]): Promise<void> {
    this.#checkOpen();
    const { index, nowMs, pause } = this.#parts;
    const nowSeconds = Math.floor(nowMs() / 1000);
    for (const { rule } of lines) checkNewRule(rule, nowSeconds);
    for (let from = 0; from < lines.length;) {
      const rest = from === 0 ? lines : lines.slice(from);
      const written = await this.#transaction(rest, nowSeconds);
      from += written;
      const subjects = new Set<string>();
      for (const { rule } of rest.slice(0, written)) {
        if (rule.scope.kind === "global") this.#globals++;
        else {
          this.#subjects++;
          subjects.add(rule.scope.subject);
        }
      }
      index.takeInStaged(subjects);
      await this.#settle();
      await pause();
    }
  }

  async #transaction(lines: readonly ImportLine[], nowSeconds: number): Promise<number> {
    let begunAt = 0;
    const written = await this.#parts.connection.stage(() => {
      begunAt = performance.now();
      return this.#insert(lines, nowSeconds);
    });
    const scale = TRANSACTION_MS / Math.max(performance.now() - begunAt, 0.1);
    // By halves at most: one slow write says little about the next one.
    const fillMs = this.#fillMs * Math.min(Math.max(scale, 0.5), 2);
    this.#fillMs = Math.min(Math.max(fillMs, TRANSACTION_MS / 20), TRANSACTION_MS / 2);
    return written;
  }

  async #settle(): Promise<void> {
    this.#unsettled++;
    if (this.#unsettled < UNSETTLED) return;
    this.#unsettled = 0;
    await this.#parts.connection.settle();
  }

  async commit(): Promise<{ readonly added: number; readonly seq: number }> {
    this.#checkOpen();
    const { audit, changes, connection, journalWriter, nowMs, table } = this.#parts;
    const added = this.#globals + this.#subjects;
    await connection.settle();
    const seq = await connection.write(() => {
      const atMs = nowMs();
      table.tally("global", this.#globals);
      table.tally("subject", this.#subjects);
      const reason = `${added} ${added === 1 ? "rule" : "rules"} from ${this.#source}`;
      audit.append(
        { action: "rule.import", target: String(this.#id), reason, outcome: "done" },
        this.#actor,
        atMs,
      );
      const appended = journalWriter.append({
        atMs,
        kind: "rules_imported",
        scope: "all",
        subject: undefined,
        ruleId: undefined,
      });
      this.#close.run(added, appended, this.#id);
      return appended;
    });
    this.#isOpen = false;
    await changes.publish();
    return { added, seq };
  }

  async abort(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await endImport(this.#parts, this.#id);
  }

  /** Writes as many as there is time for. @returns how many */
  #insert(lines: readonly ImportLine[], nowSeconds: number): number {
    const until = performance.now() + this.#fillMs;
    const { actors, journal, table } = this.#parts;
    const actorId = actors.idOf(this.#actor);
    const seq = journal.readSeq();
    let written = 0;
    for (const { rule } of lines) {
      table.insert(rule, { actorId, nowSeconds, seq, importId: this.#id });
      written++;
      if (performance.now() >= until) break;
    }
    return written;
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new AppError("conflict", "this import is over");
  }
}
