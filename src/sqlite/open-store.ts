/** Opens the store of a data folder: locked, migrated, checked, its rules loaded. */
import { join } from "node:path";
import type { AccountStore } from "../core/revocation/accounts.ts";
import { RuleIndex, type RuleIndexOptions } from "../core/revocation/rule-index.ts";
import type { RevocationIndex, RuleStore } from "../core/revocation/store.ts";
import { createAccountStore } from "./account-store.ts";
import { createActors } from "./actors.ts";
import { createAudit } from "./audit.ts";
import { createChanges } from "./changes.ts";
import { type Connection, openConnection } from "./connection.ts";
import { DATABASE_FILE, prepareFolder } from "./data-folder.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";
import { createJournalReader, createJournalWriter } from "./journal.ts";
import { migrate } from "./migrate.ts";
import { createOnceTable } from "./once.ts";
import type { Parts } from "./parts.ts";
import { reindexIfNeeded } from "./reindex.ts";
import { tidy } from "./retention.ts";
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
  /** Clears away ended rules and old history, in small pieces; to be called every minute or so. */
  tidy(): Promise<void>;
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
      return await open(connection, lock, options);
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
  options: StoreOptions,
): Promise<Store> {
  await migrate(connection);
  await ensureEpoch(connection);
  const rows = createRuleRows(connection);
  const table = createRuleTable(connection);
  await reindexIfNeeded(connection, table, pause);
  const index = new RuleIndex(rows, options.index);
  await index.load(pause);
  const journal = createJournalReader(connection);
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
    changes: createChanges(index, journal, pause),
    abandoned: findAbandoned(connection),
    nowMs: options.nowMs,
    pause,
  };
  return {
    index,
    rules: createRuleStore(parts),
    accounts: createAccountStore(parts),
    tidy: () => tidy(parts),
    close: async () => {
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

function findAbandoned(connection: Connection): number[] {
  const staged = connection.db.query<{ id: number }, []>(
    "SELECT id FROM rule_import WHERE state = 0",
  );
  return connection.read(() => staged.all().map(({ id }) => id));
}
