/** Who moves the write-ahead log: a thread, whole and in time; and SQLite itself where that fails. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { startCheckpointer } from "../../src/sqlite/checkpointer.ts";
import { type Connection, openConnection } from "../../src/sqlite/connection.ts";
import { waitFor } from "../helpers/wait-for.ts";
import { useFolder } from "./store-fixture.ts";

/** One row is one page and more. */
const ROW_BYTES = 8000;
const TIMES = { gatherPages: 50, mostPages: 200, retryMs: 60_000 };

function write(connection: Connection, n: number): Promise<void> {
  return connection.write(() => {
    connection.db.query("INSERT INTO t VALUES (?, randomblob(?))").run(n, ROW_BYTES);
  });
}

interface LogState {
  readonly log: number;
  readonly checkpointed: number;
}

function logOf({ db }: Connection): LogState {
  const none = { log: -1, checkpointed: -1 };
  return db.query<LogState, []>("PRAGMA wal_checkpoint(NOOP)").get() ?? none;
}

function countOf({ db }: Connection): number | undefined {
  return db.query<{ n: number }, []>("SELECT count(*) AS n FROM t").get()?.n;
}

describe("the checkpointer", () => {
  const folder = useFolder();

  async function open(): Promise<{ readonly path: string; readonly connection: Connection }> {
    const path = join(folder(), "some.db");
    const connection = openConnection(path);
    await connection.write(() => connection.db.run("CREATE TABLE t (n INTEGER, data BLOB) STRICT"));
    return { path, connection };
  }

  test("moves what has gathered, without a commit that waits for it", async () => {
    const { path, connection } = await open();
    const checkpointer = startCheckpointer(connection, path, TIMES);
    for (let n = 0; n < 40; n++) await write(connection, n);
    await waitFor("the log to be moved", () => logOf(connection).checkpointed >= 50);
    await checkpointer.close();
    expect(countOf(connection)).toBe(40);
    connection.close();
  });

  test("moves nothing while little has gathered", async () => {
    const { path, connection } = await open();
    const checkpointer = startCheckpointer(connection, path, TIMES);
    for (let n = 0; n < 5; n++) await write(connection, n);
    await checkpointer.close();
    expect(logOf(connection).checkpointed).toBe(0);
    connection.close();
  });

  test("keeps the log short however much is written, by many at once", async () => {
    const { path, connection } = await open();
    const checkpointer = startCheckpointer(connection, path, TIMES);
    let longest = 0;
    await Promise.all(
      [0, 1, 2, 3].map(async (writer) => {
        for (let n = 0; n < 250; n++) {
          await write(connection, writer * 1000 + n);
          longest = Math.max(longest, logOf(connection).log);
        }
      }),
    );
    // Three thousand pages were written in all.
    expect(longest).toBeLessThan(400);
    expect(longest).toBeGreaterThan(150);
    await checkpointer.close();
    expect(countOf(connection)).toBe(1000);
    connection.close();
    const again = openConnection(path);
    expect(again.db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    expect(countOf(again)).toBe(1000);
    again.close();
  });

  test("holds nobody up for ever while a reader needs what is in the log", async () => {
    const { path, connection } = await open();
    const checkpointer = startCheckpointer(connection, path, TIMES);
    const reader = openConnection(path);
    reader.db.run("BEGIN");
    expect(countOf(reader)).toBe(0);
    for (let n = 0; n < 200; n++) await write(connection, n);
    expect(logOf(connection).log).toBeGreaterThan(400);
    expect(countOf(reader)).toBe(0);
    reader.db.run("COMMIT");
    expect(countOf(reader)).toBe(200);
    reader.close();
    await checkpointer.close();
    connection.close();
  });

  test("leaves it to SQLite when the thread fails", async () => {
    const { path, connection } = await open();
    let asked = 0;
    const checkpointer = startCheckpointer(connection, path, TIMES, () => ({
      run: () => {
        asked++;
        return Promise.reject(new Error("no thread"));
      },
      close: () => undefined,
    }));
    for (let n = 0; n < 1000; n++) await write(connection, n);
    expect(asked).toBe(1);
    expect(connection.db.query("PRAGMA wal_autocheckpoint").get()).toEqual({
      wal_autocheckpoint: 1000,
    });
    expect(logOf(connection).log).toBeLessThan(1100);
    await checkpointer.close();
    expect(countOf(connection)).toBe(1000);
    connection.close();
  });
});
