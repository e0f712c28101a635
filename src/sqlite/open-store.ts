/** Opens the store of a data folder: locked, migrated, checked, its rules loaded. */
import { join } from "node:path";
import type { AccountStore } from "../core/revocation/accounts.ts";
import { RuleIndex, type RuleIndexOptions } from "../core/revocation/rule-index.ts";
import type { Actor, RevocationIndex, RuleStore } from "../core/revocation/store.ts";
import { createAccountStore } from "./account-store.ts";
import { createActors } from "./actors.ts";
import { createAudit } from "./audit.ts";
import { type BackedUp, backUp } from "./backup.ts";
import { createChanges } from "./changes.ts";
import { startCheckpointer } from "./checkpointer.ts";
import { type Connection, openConnection } from "./connection.ts";
import { DATABASE_FILE, NODE_FILE, prepareFolder } from "./data-folder.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";
import { raiseGrowing, readGrowing } from "./growing.ts";
import { openHead } from "./head.ts";
import { createJournalReader, createJournalWriter } from "./journal.ts";
import { migrate } from "./migrate.ts";
import { createOnceTable } from "./once.ts";
import { runOffThread } from "./off-thread.ts";
import type { Parts } from "./parts.ts";
import { reindexIfNeeded } from "./reindex.ts";
import { tidy } from "./retention.ts";
import { scrub, type Scrubbed } from "./scrub.ts";
import { createRuleRows } from "./rule-rows.ts";
import { createRuleStore } from "./rule-store.ts";
import { createRuleTable } from "./rule-table.ts";

export interface StoreOptions {
  readonly nowMs: () => number;
  readonly index?: Partial<RuleIndexOptions>;
}

export interface Store {
  readonly index: RevocationIndex;
  readonly rules: RuleStore;
  readonly accounts: AccountStore;
  /**
   * Clears away ended rules and old history, in small pieces; to be called every minute or so.
   *
   * @param nowMs where the clock is in doubt, the earliest that it can be: what goes does not come back
   */
  tidy(nowMs?: number): Promise<void>;
  /**
   * Writes a consistent, checked copy while the store is in use; audited.
   * @param name what the audit calls it, where the file is only on its way to another
   * @throws AppError unavailable; what was at the path is then still there
   */
  backUp(file: string, actor: Actor, name?: string): Promise<BackedUp>;
  /**
   * Reads every rule, gently: damaged ones refuse their scope from then on, misfiled ones are filed
   * anew. To be called after the start and once a day; takes an hour or two for millions.
   */
  scrub(signal?: AbortSignal): Promise<Scrubbed>;
  /** SQLite's own check of the whole database: problems in its words. Takes seconds, in a thread. */
  check(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * Takes the folder for this process and opens what is in it, making both when they are not there.
 *
 * @throws AppError conflict when another process has the folder or a newer version wrote it;
 *   unavailable when it cannot be read or written
 */
export async function openStore(directory: string, options: StoreOptions): Promise<Store> {
  prepareFolder(directory);
  const lock = lockFolder(directory);
  try {
    const connection = openConnection(join(directory, DATABASE_FILE));
    try {
      return await open(connection, lock, directory, options);
    } catch (error) {
      connection.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function open(
  connection: Connection,
  lock: FolderLock,
  directory: string,
  options: StoreOptions,
): Promise<Store> {
  const path = join(directory, DATABASE_FILE);
  await migrate(connection);
  // It may have shared a store before.
  await raiseGrowing(connection, readGrowing(join(directory, NODE_FILE)));
  await ensureEpoch(connection);
  const rows = createRuleRows(connection);
  const table = createRuleTable(connection);
  await reindexIfNeeded(connection, table, pause);
  const index = new RuleIndex(rows, options.index);
  await index.load(pause);
  const journal = createJournalReader(connection);
  const checkpointer = startCheckpointer(connection, path);
  const head = openHead(directory, readEpoch(connection), journal.readSeq());
  const actors = createActors(connection);
  const parts: Parts = {
    connection,
    rows,
    index,
    journal,
    journalWriter: createJournalWriter(connection),
    table,
    audit: createAudit(connection, actors),
    actors,
    once: createOnceTable(connection),
    changes: createChanges(index, journal, pause, (seq) => head.note(seq)),
    abandoned: findAbandoned(connection),
    nowMs: options.nowMs,
    pause,
  };
  const rules = createRuleStore(parts);
  return {
    index,
    rules,
    accounts: createAccountStore(parts),
    tidy: (nowMs = parts.nowMs()) => tidy(parts, nowMs),
    backUp: async (file, actor, name = file) => {
      const done = await backUp(path, file);
      await rules.appendAudit(
        { action: "store.backup", target: name, reason: undefined, outcome: "done" },
        actor,
      );
      return done;
    },
    scrub: (signal) => scrub(parts, signal),
    check: async () => (await runOffThread({ task: "check", file: path })).problems,
    close: async () => {
      head.close();
      await checkpointer.close();
      connection.close();
      lock.release();
    },
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A store's history is known by its epoch: whoever holds anything of another one starts over. */
async function ensureEpoch(connection: Connection): Promise<void> {
  const add = connection.db.query<unknown, [string]>(
    "INSERT OR IGNORE INTO setting (name, value) VALUES ('epoch', ?)",
  );
  await connection.write(() => add.run(crypto.randomUUID()));
}

function readEpoch(connection: Connection): string {
  const row = connection.read(() =>
    connection.db
      .query<{ value: string }, []>("SELECT value FROM setting WHERE name = 'epoch'")
      .get(),
  );
  return row?.value ?? "";
}

function findAbandoned(connection: Connection): number[] {
  const staged = connection.db.query<{ id: number }, []>(
    "SELECT id FROM rule_import WHERE state = 0",
  );
  return connection.read(() => staged.all().map(({ id }) => id));
}
