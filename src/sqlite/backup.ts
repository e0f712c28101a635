/** Backup of a store in use, and restoring one: checked before anything takes its place. */
import { Database } from "bun:sqlite";
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { AppError } from "../core/app-error.ts";
import type { Actor } from "../core/revocation/store.ts";
import { createActors } from "./actors.ts";
import { createAudit } from "./audit.ts";
import { openConnection } from "./connection.ts";
import { DATABASE_FILE, prepareFolder } from "./data-folder.ts";
import { lockFolder } from "./folder-lock.ts";
import { raiseGrowing, readGrowing } from "./growing.ts";
import { forgetHead } from "./head.ts";
import { migrate, MIGRATIONS } from "./migrate.ts";
import { runOffThread } from "./off-thread.ts";
import { toAppError } from "./sqlite-error.ts";

export interface BackedUp {
  readonly file: string;
  readonly bytes: number;
}

/**
 * Writes a consistent copy (0600) while the store is in use: beside the target first, synced and
 * checked, then put in its place. @throws AppError unavailable; the target is as it was
 */
export async function backUp(databasePath: string, file: string): Promise<BackedUp> {
  const partial = `${file}.partial-${process.pid}`;
  try {
    closeSync(openSync(partial, "wx", 0o600));
    const { problems } = await runOffThread({ task: "copy", from: databasePath, to: partial });
    if (problems.length > 0) throw damaged("the copy", problems);
    const bytes = statSync(partial).size;
    renameSync(partial, file);
    syncFolder(dirname(file));
    return { file, bytes };
  } catch (error) {
    rmSync(partial, { force: true });
    throw asAppError(error, `the backup could not be written to ${file}`);
  }
}

export interface Restored {
  readonly rules: number;
  /** The journal's last number in the backup: what came after it is lost. */
  readonly seq: number;
  /** Where the data that was there before is kept; undefined when there was none. */
  readonly formerFile: string | undefined;
}

/**
 * Puts a backup in the place of a folder's data, under a new epoch, and keeps what was there.
 *
 * @throws AppError conflict when a server has the folder open, or a newer version wrote the backup;
 *   invalid for a file that is not a sound backup; unavailable. The folder is then as it was.
 */
export async function restore(
  directory: string,
  file: string,
  actor: Actor,
  nowMs: number,
): Promise<Restored> {
  prepareFolder(directory);
  const lock = lockFolder(directory);
  const target = join(directory, DATABASE_FILE);
  const incoming = join(directory, `${DATABASE_FILE}.incoming`);
  try {
    removeDatabase(incoming);
    copyInto(file, incoming);
    await checkBackup(incoming);
    const { rules, seq } = await prepareIncoming(incoming, target, actor, nowMs);
    const formerFile = setAside(target, nowMs);
    // Another history follows: what was noted of the former would be held against it.
    forgetHead(directory);
    renameSync(incoming, target);
    syncFolder(directory);
    return { rules, seq, formerFile };
  } catch (error) {
    removeDatabase(incoming);
    throw asAppError(error, "the backup could not be restored");
  } finally {
    lock.release();
  }
}

function copyInto(file: string, incoming: string): void {
  if (!existsSync(file)) throw new AppError("not_found", `there is no file ${file}`);
  closeSync(openSync(incoming, "wx", 0o600));
  copyFileSync(file, incoming);
}

/** Checks a file that is to be taken for a store. @throws AppError invalid, conflict for a newer version's */
export async function checkBackup(incoming: string): Promise<void> {
  let checked;
  try {
    checked = await runOffThread({ task: "check", file: incoming });
  } catch (cause) {
    throw new AppError("invalid", "the file is not a backup", { cause });
  }
  if (checked.problems.length > 0) throw damaged("the backup", checked.problems);
  if (checked.schema === 0) throw new AppError("invalid", "the file is not a backup");
  if (checked.schema > MIGRATIONS.length) {
    throw new AppError("conflict", `a newer version wrote this backup (schema ${checked.schema})`);
  }
}

/** Makes of the copy what this folder will go on with: this schema, another epoch, an audit row. */
async function prepareIncoming(
  incoming: string,
  target: string,
  actor: Actor,
  nowMs: number,
): Promise<{ readonly rules: number; readonly seq: number }> {
  const connection = openConnection(incoming);
  try {
    await migrate(connection);
    const { db } = connection;
    const audit = createAudit(connection, createActors(connection));
    const set = db.query<unknown, [string, string]>(
      "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)",
    );
    // Of the former data too: what cannot be read of it counts for nothing.
    await raiseGrowing(connection, readGrowing(target));
    const counted = await connection.write(() => {
      set.run("epoch", crypto.randomUUID());
      audit.append(
        { action: "store.restore", target: "store", reason: undefined, outcome: "done" },
        actor,
        nowMs,
      );
      return db
        .query<{ rules: number; seq: number }, []>(
          `SELECT (SELECT coalesce(sum(count), 0) FROM tally WHERE name IN ('global', 'subject')) AS rules,
            (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'journal') AS seq`,
        )
        .get();
    });
    // One file, so that one rename puts it in place.
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    db.run("PRAGMA journal_mode = DELETE");
    return counted ?? { rules: 0, seq: 0 };
  } finally {
    connection.close();
    syncFile(incoming);
  }
}

/**
 * Gives the present data a second name, so that there is never a moment without any: a store that is
 * not there would be made, empty. Its log is moved away: it must never meet another database.
 */
function setAside(target: string, nowMs: number): string | undefined {
  if (!existsSync(target)) return undefined;
  const former = `${target}.before-${new Date(nowMs).toISOString().replaceAll(":", "")}`;
  try {
    const db = new Database(target, { readwrite: true });
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    db.close();
  } catch (error) {
    // A damaged store is what a restore is for.
    if (!(toAppError(error) instanceof AppError)) throw error;
  }
  for (const suffix of ["-wal", "-shm"]) {
    if (existsSync(target + suffix)) renameSync(target + suffix, former + suffix);
  }
  linkSync(target, former);
  return former;
}

function removeDatabase(path: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(path + suffix, { force: true });
}

function syncFile(path: string): void {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}

/** A rename is on disk once its folder is. */
function syncFolder(path: string): void {
  syncFile(path);
}

function damaged(what: string, problems: readonly string[]): AppError {
  return new AppError("invalid", `${what} is damaged: ${problems[0] ?? "unknown"}`);
}

function asAppError(error: unknown, message: string): unknown {
  const known = toAppError(error);
  return known instanceof AppError ? known : new AppError("unavailable", message, { cause: error });
}
