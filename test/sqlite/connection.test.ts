import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openConnection } from "../../src/sqlite/connection.ts";
import { useFolder } from "./store-fixture.ts";

const [NORMAL, FULL] = [1, 2];

describe("a staged change", () => {
  const folder = useFolder();

  test("goes without a sync of its own, and no other change does", async () => {
    const connection = openConnection(join(folder(), "a.db"));
    const { db } = connection;
    const level = () => db.query<{ synchronous: number }, []>("PRAGMA synchronous").get();
    db.run("CREATE TABLE t (n INTEGER) STRICT");
    const add = (n: number) => db.run("INSERT INTO t VALUES (?)", [n]);
    expect(level()).toEqual({ synchronous: FULL });
    await connection.stage(() => {
      add(1);
      expect(level()).toEqual({ synchronous: NORMAL });
    });
    expect(level()).toEqual({ synchronous: FULL });
    await connection.settle();
    await connection.write(() => {
      add(2);
      expect(level()).toEqual({ synchronous: FULL });
    });
    const failing = connection.stage(() => {
      add(3);
      throw new Error("no");
    });
    expect(await failing.catch((error: Error) => error.message)).toBe("no");
    expect(level()).toEqual({ synchronous: FULL });
    expect(db.query("SELECT n FROM t").values()).toEqual([[1], [2]]);
    connection.close();
  });
});
