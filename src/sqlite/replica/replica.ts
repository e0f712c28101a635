/**
 * A node's copy of the rules in the shared store: judged by at any time, changed only by what the
 * shared journal says, each piece in one transaction with the place in the journal that it brings to.
 */
import { RuleIndex } from "../../core/revocation/rule-index.ts";
import type { Change } from "../../core/revocation/store.ts";
import { type Connection, openConnection } from "../connection.ts";
import { createJournalReader, createJournalWriter } from "../journal.ts";
import { migrate } from "../migrate.ts";
import { reindexIfNeeded } from "../reindex.ts";
import { createRuleRows } from "../rule-rows.ts";
import { ENDED, LIFTED } from "../../core/revocation/stored-records.ts";
import { createRuleTable, RULE_RECORD, type RuleRecord } from "../rule-table.ts";
import { createRuleCopies, type RuleCopies, type RuleCopy } from "./rule-copies.ts";

/** One entry of the shared journal, as far as a replica needs it. */
export interface ReplicaEntry extends Change {
  readonly importId: number | undefined;
  /** The rule that it added. */
  readonly rule: RuleCopy | undefined;
}

export interface Replica {
  readonly path: string;
  /** Judges by this copy. Another object after an import: ask for it each time. */
  readonly index: RuleIndex;
  /** Which history it is a copy of, and how much of it. */
  readonly epoch: string;
  readonly seq: number;
  /** Takes in entries that follow its place without a gap; when it returns, `index` judges by them. */
  apply(entries: readonly ReplicaEntry[]): Promise<void>;
  /** The greatest id that was staged of an import; 0: none. */
  stagedUpTo(importId: number): number;
  /** Writes rules of an import that is not in force before its entry is applied. */
  stage(importId: number, copies: readonly RuleCopy[]): Promise<void>;
  /** Clears away rules that have ended by this time and what is past. */
  tidy(nowMs: number): Promise<void>;
  close(): void;
}

/** Rules written in one transaction before judgements get their turn. */
const PIECE = 500;
const JOURNAL_ENTRIES = 10_000;
const KEPT_SECONDS = 3600;

/** Opens a replica that was finished. @throws AppError unavailable, conflict (of a newer version) */
export async function openReplica(path: string): Promise<Replica> {
  const connection = openConnection(path);
  try {
    await migrate(connection);
    await reindexIfNeeded(connection, createRuleTable(connection), pause);
    const replica = new SqliteReplica(path, connection);
    await replica.load();
    return replica;
  } catch (error) {
    connection.close();
    throw error;
  }
}

class SqliteReplica implements Replica {
  readonly path: string;
  readonly #connection: Connection;
  readonly #rows;
  readonly #table;
  readonly #copies: RuleCopies;
  readonly #journal;
  readonly #journalWriter;
  readonly #insertEntry;
  #index: RuleIndex;

  constructor(path: string, connection: Connection) {
    this.path = path;
    this.#connection = connection;
    this.#rows = createRuleRows(connection);
    this.#table = createRuleTable(connection);
    this.#copies = createRuleCopies(connection, this.#table);
    this.#journal = createJournalReader(connection);
    this.#journalWriter = createJournalWriter(connection);
    this.#insertEntry = connection.db.query<
      unknown,
      [number, number, string, string, string | null, number | null]
    >(
      `INSERT INTO journal (seq, at_ms, kind, scope, subject, rule_id)
      VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#index = new RuleIndex(this.#rows);
  }

  get index(): RuleIndex {
    return this.#index;
  }

  get epoch(): string {
    return this.#rows.readEpoch();
  }

  get seq(): number {
    return this.#journal.readSeq();
  }

  /** Loads beside the index in use, which goes on judging meanwhile by what it knows. */
  async load(): Promise<void> {
    const index = new RuleIndex(this.#rows);
    await index.load(pause);
    this.#index = index;
  }

  async apply(entries: readonly ReplicaEntry[]): Promise<void> {
    await this.#connection.write(() => {
      let seq = this.#journal.readSeq();
      for (const entry of entries) {
        seq += 1;
        if (entry.seq !== seq) throw new TypeError("the journal's entries have a gap");
        this.#take(entry);
      }
    });
    // An import's global rules may have lesser ids than others that the index knows already.
    const isReordered = entries.some(({ importId }) => importId !== undefined);
    if (isReordered || !this.#index.advance()) await this.load();
  }

  stagedUpTo(importId: number): number {
    return this.#copies.stagedUpTo(importId);
  }

  async stage(importId: number, copies: readonly RuleCopy[]): Promise<void> {
    for (let from = 0; from < copies.length; from += PIECE) {
      const piece = copies.slice(from, from + PIECE);
      await this.#connection.write(() => {
        this.#copies.openImport(importId);
        for (const copy of piece) this.#copies.insert(copy, 0, importId);
      });
      await pause();
    }
  }

  async tidy(nowMs: number): Promise<void> {
    const nowSeconds = Math.floor(nowMs / 1000);
    const ended = this.#connection.db.query<RuleRecord, [number, number]>(
      `${RULE_RECORD}
      WHERE rule.state = 0 AND rule.expire_at > 0 AND rule.expire_at <= ?
        AND rule.import_id NOT IN (SELECT id FROM rule_import WHERE state <> 1)
      ORDER BY rule.expire_at
      LIMIT ?`,
    );
    const forget = this.#connection.db.query<unknown, [number, number]>(
      "DELETE FROM rule WHERE id IN (SELECT id FROM rule WHERE state > 0 AND ended_at < ? LIMIT ?)",
    );
    for (;;) {
      const records = await this.#connection.write(() => {
        const records = ended.all(nowSeconds, PIECE);
        for (const record of records) this.#table.end(record, ENDED, record.expire_at);
        return records;
      });
      this.#index.drop(records.filter(({ subject }) => subject === null).map(({ id }) => id));
      if (records.length < PIECE) break;
      await pause();
    }
    // The history is the shared store's matter; whoever judges by this copy has seen them go by now.
    const before = nowSeconds - KEPT_SECONDS;
    while ((await this.#connection.write(() => forget.run(before, PIECE).changes)) === PIECE) {
      await pause();
    }
    await this.#connection.write(() => this.#journalWriter.trim(nowMs, JOURNAL_ENTRIES));
  }

  close(): void {
    this.#connection.close();
  }

  #take(entry: ReplicaEntry): void {
    const { seq, kind, ruleId, rule, importId } = entry;
    if (kind === "rule_added" && rule !== undefined) this.#copies.insert(rule, seq, 0);
    if (kind === "rule_lifted" && ruleId !== undefined) {
      const record = this.#table.find(ruleId);
      if (record?.state === 0) this.#table.end(record, LIFTED, Math.floor(entry.atMs / 1000));
    }
    if (importId !== undefined) this.#copies.commitImport(importId);
    this.#insertEntry.run(
      seq,
      entry.atMs,
      kind,
      entry.scope,
      entry.subject ?? null,
      ruleId ?? null,
    );
  }
}

/** Inside a transaction of the caller's. */
export function writeEpoch({ db }: Connection, epoch: string): void {
  db.query<unknown, [string]>(
    "INSERT OR REPLACE INTO setting (name, value) VALUES ('epoch', ?)",
  ).run(epoch);
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
