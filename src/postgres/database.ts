/**
 * The database over the network: which of its servers is the primary, reads and transactions with an
 * end, and what may be said of a commit whose answer never came.
 */
import { SQL } from "bun";
import { AppError } from "../core/app-error.ts";
import { isConnectionLoss, toAppError, toCommitError } from "./postgres-error.ts";

export type Sql = SQL;

export interface DatabaseOptions {
  /** A `postgres://` URL for each server, of which one is the primary. */
  readonly endpoints: readonly string[];
  /** How long a connection attempt, and the work of a transaction, may take. */
  readonly patienceMs?: number;
  /** How long the answer to COMMIT, which waits for the standby, may take. */
  readonly commitPatienceMs?: number;
}

/** How a transaction sees others' changes. */
export type Isolation = "READ COMMITTED" | "REPEATABLE READ";

export interface Database {
  /** Runs reads on a connection that serves others as well. @throws AppError unavailable */
  read<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /**
   * Runs one transaction, all of it or nothing, and returns once the server has committed it.
   *
   * @throws AppError unavailable, with nothing changed; unknown, where it may have been
   */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /**
   * Reads everything as of one moment, from one server; never writes.
   *
   * @param patienceMs how long it may take; undefined: as long as something comes
   * @throws AppError unavailable
   */
  readAtOnce<T>(work: (sql: Sql) => Promise<T>, patienceMs?: number): Promise<T>;
  /** Hears a channel; `onReady` is called whenever hearing has begun (again). @throws AppError unavailable */
  listen(
    channel: string,
    onNotice: (payload: string) => void,
    onReady: () => void,
  ): Promise<Listening>;
  /** Called when a server is given up: what listened there hears nothing any more. */
  onLost(listener: () => void): void;
  close(): Promise<void>;
}

export interface Listening {
  stop(): Promise<void>;
}

const PATIENCE_MS = 5000;
const COMMIT_PATIENCE_MS = 10_000;
const CLOSE_PATIENCE_MS = 1000;
const IDLE_SECONDS = 30;
/** Beside these one connection listens. */
const CONNECTIONS = 5;

/**
 * What each connection is told. A timeout of statements is never set, and taken away where the server
 * has one: at COMMIT it would end the wait for the standby, and the server would report success.
 */
const SESSION = {
  application_name: "haproxy-jwt",
  search_path: "haproxy_jwt",
  statement_timeout: "0",
  lock_timeout: "4000",
  // A node that was cut off in a transaction must not keep all others from writing.
  idle_in_transaction_session_timeout: "10000",
  idle_session_timeout: "0",
  // What is read under a lock must have been read after it was taken.
  default_transaction_isolation: "read committed",
} as const;

export function createDatabase(options: DatabaseOptions): Database {
  return new PostgresDatabase(options);
}

class PostgresDatabase implements Database {
  readonly #endpoints: readonly string[];
  readonly #patienceMs: number;
  readonly #commitPatienceMs: number;
  readonly #lostListeners = new Set<() => void>();
  /** Those who wait for a server's answer, to be told when it is given up. */
  readonly #waiting = new WeakMap<SQL, Set<(error: Error) => void>>();
  /** Left alone, it would find back to a server that was given up, and hear everything twice. */
  readonly #listenings = new WeakMap<SQL, Set<() => Promise<void>>>();
  #client: Promise<SQL> | undefined;
  /** The endpoint that was the primary last. */
  #first = 0;
  #isClosed = false;

  constructor(options: DatabaseOptions) {
    this.#endpoints = options.endpoints;
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.#commitPatienceMs = options.commitPatienceMs ?? COMMIT_PATIENCE_MS;
  }

  async read<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await this.#connected();
    try {
      return await this.#unlessLost(client, within(work(client), this.#patienceMs));
    } catch (error) {
      throw this.#failed(client, error);
    }
  }

  async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await this.#connected();
    const connection = await this.#reserve(client);
    let committing: Promise<void> | undefined;
    try {
      const change = async (): Promise<T> => {
        await connection`BEGIN`;
        return work(connection);
      };
      const result = await this.#unlessLost(client, within(change(), this.#patienceMs));
      committing = commandOf(connection, "COMMIT");
      await within(committing, this.#commitPatienceMs);
      return result;
    } catch (error) {
      if (committing !== undefined) {
        // A silent standby is no reason to look for another server; a lost connection is.
        if (!(error instanceof SilenceError)) this.#failed(client, error);
        throw toCommitError(error);
      }
      // Refused by the work itself: the connection is as good as before.
      if (error instanceof AppError) committing = commandOf(connection, "ROLLBACK");
      throw this.#failed(client, error);
    } finally {
      if (committing === undefined) breakOff(connection);
      else giveBackAfter(connection, committing);
    }
  }

  async readAtOnce<T>(work: (sql: Sql) => Promise<T>, patienceMs?: number): Promise<T> {
    const client = await this.#connected();
    const connection = await this.#reserve(client);
    const read = async (): Promise<T> => {
      await connection`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`;
      const result = await work(connection);
      await connection`COMMIT`;
      return result;
    };
    try {
      const reading = patienceMs === undefined ? read() : within(read(), patienceMs);
      const result = await this.#unlessLost(client, reading);
      await connection.release();
      return result;
    } catch (error) {
      breakOff(connection);
      throw this.#failed(client, error);
    }
  }

  async listen(
    channel: string,
    onNotice: (payload: string) => void,
    onReady: () => void,
  ): Promise<Listening> {
    const client = await this.#connected();
    try {
      const heard = await within(client.listen(channel, onNotice, onReady), this.#patienceMs);
      const listenings = this.#listenings.get(client) ?? new Set();
      this.#listenings.set(client, listenings);
      const stop = async (): Promise<void> => {
        listenings.delete(stop);
        await heard.unlisten().catch(() => undefined);
      };
      listenings.add(stop);
      return { stop };
    } catch (error) {
      throw this.#failed(client, error);
    }
  }

  onLost(listener: () => void): void {
    this.#lostListeners.add(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const client = await this.#client?.catch(() => undefined);
    if (client === undefined) return;
    // A commit that still waits for a standby is not waited for.
    await within(client.close(), CLOSE_PATIENCE_MS).catch(() => undefined);
  }

  #connected(): Promise<SQL> {
    if (this.#isClosed) return Promise.reject(new AppError("unavailable", "the store is closed"));
    this.#client ??= this.#connect().catch((error: unknown) => {
      this.#client = undefined;
      throw toAppError(error);
    });
    return this.#client;
  }

  /** Finds the primary, the last one first. */
  async #connect(): Promise<SQL> {
    let failure: unknown = new AppError("unavailable", "the database has no address");
    for (const [at] of this.#endpoints.entries()) {
      const endpoint = (this.#first + at) % this.#endpoints.length;
      const client = createClient(this.#endpoints[endpoint] ?? "", this.#patienceMs);
      try {
        // oxlint-disable-next-line no-await-in-loop -- the next address only where this one fails
        if (await within(isPrimary(client), this.#patienceMs)) {
          this.#first = endpoint;
          return client;
        }
        failure = new AppError("unavailable", "the database takes no changes: it is a standby");
      } catch (error) {
        failure = error;
      }
      breakOff(client);
    }
    throw failure;
  }

  async #reserve(client: SQL): Promise<Bun.ReservedSQL> {
    try {
      return await client.reserve({ signal: AbortSignal.timeout(this.#patienceMs) });
    } catch (error) {
      if (error instanceof DOMException) {
        throw new AppError("unavailable", "the database is busy with other changes", {
          cause: error,
        });
      }
      throw this.#failed(client, error);
    }
  }

  /** What still waits for a server that somebody else has found gone need not wait any longer. */
  async #unlessLost<T>(client: SQL, work: Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(client) ?? new Set();
    this.#waiting.set(client, waiting);
    const lost = Promise.withResolvers<never>();
    waiting.add(lost.reject);
    work.catch(() => undefined);
    try {
      return await Promise.race([work, lost.promise]);
    } finally {
      waiting.delete(lost.reject);
    }
  }

  /** Gives the server up where it seems to be gone: the next caller looks for the primary anew. */
  #failed(client: SQL, error: unknown): unknown {
    if (isConnectionLoss(error)) void this.#giveUp(client);
    return toAppError(error);
  }

  async #giveUp(client: SQL): Promise<void> {
    const current = this.#client;
    if (current === undefined || (await current.catch(() => undefined)) !== client) return;
    if (this.#client !== current) return;
    this.#client = undefined;
    for (const stop of this.#listenings.get(client) ?? []) void stop();
    for (const reject of this.#waiting.get(client) ?? []) {
      reject(new SilenceError("the database does not answer"));
    }
    // Waits for commits that run there: to cancel one would put it in force without its standby.
    void client.close().catch(() => undefined);
    for (const listener of this.#lostListeners) listener();
  }
}

function createClient(url: string, patienceMs: number): SQL {
  return new SQL({
    url,
    adapter: "postgres",
    max: CONNECTIONS,
    // A quiet node keeps few: a thousand of them share one server.
    idleTimeout: IDLE_SECONDS,
    connectionTimeout: Math.ceil(patienceMs / 1000),
    connection: SESSION,
  });
}

async function isPrimary(client: SQL): Promise<boolean> {
  const [row] = await client<{ standby: boolean }[]>`SELECT pg_is_in_recovery() AS standby`;
  return row?.standby === false;
}

/** Ends a connection now, and cancels what runs there: never while a COMMIT may be under way. */
function breakOff(connection: Sql): void {
  void connection.close({ timeout: 0 }).catch(() => undefined);
}

/**
 * Gives a connection back once its last command has been answered, however long that takes. To end it
 * sooner would cancel the command, and a COMMIT that is cancelled while it waits for the standby is in
 * force without it.
 */
function giveBackAfter(connection: Bun.ReservedSQL, command: Promise<void>): void {
  void command.then(
    () => connection.release(),
    () => breakOff(connection),
  );
}

async function commandOf(connection: Sql, command: string): Promise<void> {
  await connection.unsafe(command);
}

/** Rejects as a lost connection does when the work takes too long; the work goes on unseen. */
async function within<T>(work: Promise<T>, patienceMs: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = "the database does not answer";
    late.reject(new SilenceError(message));
  }, patienceMs);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Nothing has come for too long: for those who ask, the same as a connection that ended. */
class SilenceError extends SQL.SQLError {
  override readonly name = "SilenceError";
}
