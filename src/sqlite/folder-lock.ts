/** Keeps two programs from writing one data folder. */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { closeSync, existsSync, openSync, readFileSync, statSync } from "node:fs";
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
    if (!isBusy(error)) throw toAppError(error, path);
    const pid = holderOf(path);
    const who = pid === undefined ? "another process" : `another process (${pid})`;
    throw new AppError("conflict", `${who} is using the data folder ${directory}`, {
      cause: error,
    });
  }
}

/** The process that has a file's lock, as far as the kernel shows it: not across containers (proc(5), locks). */
function holderOf(path: string): number | undefined {
  try {
    const { dev, ino } = statSync(path);
    const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
    const device = [major, minor].map((n) => n.toString(16).padStart(2, "0")).join(":");
    const lines = readFileSync("/proc/locks", "utf8").split("\n");
    const line = lines.find((text) => text.includes(` ${device}:${ino} `));
    const pid = Number(/ (?:READ|WRITE) +(\d+) /.exec(line ?? "")?.[1]);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
