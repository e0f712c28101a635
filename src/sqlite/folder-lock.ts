/** Keeps two programs from writing one data folder. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { closeSync, existsSync, openSync } from "node:fs";
import { AppError } from "../core/app-error.ts";
import { isBusy, toAppError } from "./sqlite-error.ts";

export interface FolderLock {
  release(): void;
}

/**
 * Takes the folder's lock: an exclusive transaction on a database of its own, held open. The kernel
 * lets go of it when the process dies, however it dies; nothing is left to clean up.
 *
 * @throws AppError conflict when another process holds it
 */
export function lockFolder(directory: string): FolderLock {
  const path = join(directory, "lock.db");
  try {
    // Opened and closed only before the lock is taken: closing a file drops a process's locks on it.
    if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
    const db = new Database(path, { create: true, readwrite: true });
    try {
      db.run("PRAGMA busy_timeout = 0");
      db.run("BEGIN EXCLUSIVE");
    } catch (error) {
      db.close();
      throw error;
    }
    return { release: () => db.close() };
  } catch (error) {
    if (!isBusy(error)) throw toAppError(error);
    throw new AppError("conflict", "another process is using this data folder", { cause: error });
  }
}
