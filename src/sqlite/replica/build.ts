/** Builds a fresh replica beside the one in use, from rules as they stream in. */
import { rmSync } from "node:fs";
import { openConnection } from "../connection.ts";
import { migrate } from "../migrate.ts";
import { reindexIfNeeded } from "../reindex.ts";
import { createRuleTable } from "../rule-table.ts";
import { finishPartial, nextPartial } from "./files.ts";
import { openReplica, type Replica, writeEpoch } from "./replica.ts";
import { createRuleCopies, type RuleCopy } from "./rule-copies.ts";

/** What a replica begins with. */
export interface Snapshot {
  readonly epoch: string;
  /** The journal's number up to which the rules are. */
  readonly seq: number;
  /** Rules in force, in pieces. */
  readonly rules: AsyncIterable<readonly RuleCopy[]>;
}

/** Rules written in one transaction before judgements get their turn. */
const PIECE = 500;

/**
 * Writes a snapshot into a file of its own and opens it, loaded: the caller has only to put it in the
 * other one's place.
 *
 * @throws AppError unavailable, whatever reading the rules throws; nothing is left behind then
 */
export async function buildReplica(directory: string, snapshot: Snapshot): Promise<Replica> {
  const partial = nextPartial(directory);
  removeDatabase(partial);
  try {
    await fill(partial, snapshot);
    return await openReplica(finishPartial(directory, partial));
  } catch (error) {
    removeDatabase(partial);
    throw error;
  }
}

async function fill(path: string, { epoch, seq, rules }: Snapshot): Promise<void> {
  const connection = openConnection(path);
  try {
    const { db } = connection;
    await migrate(connection);
    // Nobody reads it before it is whole and synced.
    db.run("PRAGMA synchronous = OFF");
    const table = createRuleTable(connection);
    await reindexIfNeeded(connection, table, () => Promise.resolve());
    const copies = createRuleCopies(connection, table);
    for await (const page of rules) {
      for (let from = 0; from < page.length; from += PIECE) {
        const piece = page.slice(from, from + PIECE);
        await connection.write(() => {
          for (const copy of piece) copies.insert(copy, seq, 0);
        });
        await Bun.sleep(0);
      }
    }
    await connection.write(() => {
      writeEpoch(connection, epoch);
      db.run("DELETE FROM sqlite_sequence WHERE name = 'journal'");
      db.query<unknown, [number]>(
        "INSERT INTO sqlite_sequence (name, seq) VALUES ('journal', ?)",
      ).run(seq);
    });
    // One file, so that one rename puts it in place.
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    db.run("PRAGMA journal_mode = DELETE");
  } finally {
    connection.close();
  }
}

function removeDatabase(path: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(path + suffix, { force: true });
}
