/** One connection to the database: how it is opened, read and written; not what is in it. */
import { Database } from "bun:sqlite";
import { closeSync, existsSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { AppError } from "../core/app-error.ts";
import { isBusy, toAppError } from "./sqlite-error.ts";

/**
 * How long a statement itself waits for a lock. Short, because it holds up the event loop; a write
 * is tried again without blocking for WRITE_PATIENCE_MS.
 */
const BUSY_TIMEOUT_MS = 10;
const WRITE_PATIENCE_MS = 5000;
const RETRY_MS = 15;

/** Set at open and read back: each is a promise (P5) that SQLite may silently not keep. */
const PRAGMAS: readonly (readonly [name: string, value: string, expected: string | number])[] = [
  ["journal_mode", "WAL", "wal"],
  // NORMAL can lose an acknowledged rule at power loss.
  ["synchronous", "FULL", 2],
  ["foreign_keys", "ON", 1],
  ["trusted_schema", "OFF", 0],
  ["cell_size_check", "ON", 1],
  ["cache_size", "-16384", -16384],
  ["journal_size_limit", "67108864", 67108864],
];

export interface Connection {
  readonly db: Database;
  /** Runs reads; a failure of SQLite becomes AppError unavailable. */
  read<T>(work: () => T): T;
  /**
   * Runs one transaction, all of it or nothing, and returns once it is on disk. Waits for another
   * process's lock up to five seconds without holding up the event loop; `change` may then run again.
   * @throws AppError unavailable, with nothing changed
   */
  write<T>(change: () => T): Promise<T>;
  /**
   * The same for what counts for nothing until a later `write` says so: it is on disk with that one at
   * the latest, because the log is one file. Its own sync would hold up the event loop; `settle` does not.
   */
  stage<T>(change: () => T): Promise<T>;
  /** Brings what is in the log to the disk from another thread. Nothing may be acknowledged on its word. */
  settle(): Promise<void>;
  /** Called when a transaction was undone: what was learnt inside it is void. */
  onRollback(listener: () => void): void;
  /** Sets who is asked before each write, and told after it; undefined: nobody. */
  pace(pacer: Pacer | undefined): void;
  close(): void;
}

/** Who has a say in when to write. */
export interface Pacer {
  /** What a write has to wait for; undefined, as nearly always: nothing. */
  room(): Promise<void> | undefined;
  /** Must not throw: what was written is on disk. */
  wrote(): void;
}

/**
 * Opens the database, making it (0600) when it is not there.
 * @throws AppError unavailable when it cannot be opened, or will not take its settings
 */
export function openConnection(path: string): Connection {
  try {
    // SQLite gives its other files the mode of this one.
    if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
    const db = new Database(path, { create: true, readwrite: true, strict: true });
    try {
      db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      for (const [name, value] of PRAGMAS) db.run(`PRAGMA ${name} = ${value}`);
      checkPragmas(db);
    } catch (error) {
      db.close();
      throw error;
    }
    return new SqliteConnection(db);
  } catch (error) {
    throw toAppError(error, path);
  }
}

/**
 * Opens a database that another connection has made, for reading only: for a judging thread.
 * @throws AppError unavailable
 */
export function openReadConnection(path: string): Connection {
  try {
    const db = new Database(path, { readonly: true, strict: true });
    db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    db.run("PRAGMA trusted_schema = OFF");
    db.run("PRAGMA query_only = ON");
    db.run("PRAGMA cache_size = -16384");
    return new SqliteConnection(db);
  } catch (error) {
    throw toAppError(error, path);
  }
}

function checkPragmas(db: Database): void {
  for (const [name, , expected] of PRAGMAS) {
    const [row] = db.query<Record<string, string | number>, []>(`PRAGMA ${name}`).all();
    if (row === undefined || !Object.values(row).includes(expected)) {
      throw new AppError("unavailable", `the store does not keep ${name} at ${expected}`);
    }
  }
}

class SqliteConnection implements Connection {
  readonly db: Database;
  readonly #rollbackListeners: (() => void)[] = [];
  #pacer: Pacer | undefined;

  constructor(db: Database) {
    this.db = db;
  }

  read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw toAppError(error);
    }
  }

  async write<T>(change: () => T): Promise<T> {
    const room = this.#pacer?.room();
    if (room !== undefined) await room;
    const result = await this.#tryFor(WRITE_PATIENCE_MS, change);
    this.#pacer?.wrote();
    return result;
  }

  async stage<T>(change: () => T): Promise<T> {
    const room = this.#pacer?.room();
    if (room !== undefined) await room;
    const result = await this.#tryFor(WRITE_PATIENCE_MS, change, "NORMAL");
    this.#pacer?.wrote();
    return result;
  }

  async settle(): Promise<void> {
    try {
      await using log = await open(`${this.db.filename}-wal`, "r+");
      await log.datasync();
    } catch {
      // What does not get there now gets there with the next write, or that one fails.
    }
  }

  async #tryFor<T>(
    patienceMs: number,
    change: () => T,
    synchronous: "FULL" | "NORMAL" = "FULL",
  ): Promise<T> {
    const until = performance.now() + patienceMs;
    for (;;) {
      try {
        return synchronous === "FULL"
          ? this.#transaction(change)
          : this.#withoutSync(() => this.#transaction(change));
      } catch (error) {
        if (!isBusy(error) || performance.now() >= until) throw toAppError(error);
      }
      await Bun.sleep(RETRY_MS);
    }
  }

  /** In one turn of the event loop, so that no other transaction goes without. */
  #withoutSync<T>(work: () => T): T {
    this.db.run("PRAGMA synchronous = NORMAL");
    try {
      return work();
    } finally {
      this.db.run("PRAGMA synchronous = FULL");
    }
  }

  #transaction<T>(change: () => T): T {
    this.db.run("BEGIN IMMEDIATE");
    try {
      const result = change();
      this.db.run("COMMIT");
      return result;
    } catch (error) {
      // After some failures (disk full) SQLite has rolled back by itself.
      if (this.db.inTransaction) this.db.run("ROLLBACK");
      for (const listener of this.#rollbackListeners) listener();
      throw error;
    }
  }

  onRollback(listener: () => void): void {
    this.#rollbackListeners.push(listener);
  }

  pace(pacer: Pacer | undefined): void {
    this.#pacer = pacer;
  }

  close(): void {
    this.db.close();
  }
}
