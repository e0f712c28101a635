/** The data folder: only its owner may look into it. */
import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { accountName } from "../account-name.ts";
import { AppError } from "../core/app-error.ts";

/** The database's name inside the folder. */
export const DATABASE_FILE = "haproxy-jwt.db";

/** What a machine that shares a store keeps for itself, in the same folder. */
export const NODE_FILE = "node.db";

/** What somebody else may have left in it. */
const FILES = ["lock.db", DATABASE_FILE, `${DATABASE_FILE}-wal`, `${DATABASE_FILE}-shm`, NODE_FILE];

/**
 * Makes the folder (0700), or takes from it what others may do there.
 * @throws AppError forbidden when it is another user's, also for root, whose files the owner could not
 *   open; unavailable
 */
export function prepareFolder(directory: string): void {
  let mode: number | undefined;
  try {
    if (!existsSync(directory)) mkdirSync(directory, { recursive: true, mode: 0o700 });
    const found = statSync(directory);
    checkOwner(directory, found.uid);
    if (found.isDirectory()) ({ mode } = found);
    if (mode !== undefined && (mode & 0o077) !== 0) chmodSync(directory, 0o700);
    // SQLite would say of a folder on a read-only disk only that it cannot open its file.
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new AppError("unavailable", `the data folder ${directory} cannot be used${code}`, {
      cause,
    });
  }
  if (mode === undefined) {
    throw new AppError("unavailable", `the data folder ${directory} is not a folder`);
  }
}

function checkOwner(directory: string, owner: number): void {
  const uid = process.geteuid?.() ?? owner;
  const name = accountName(owner);
  if (uid !== owner) {
    const message = `the data folder ${directory} belongs to ${name}: run it as ${name}`;
    throw new AppError("forbidden", message);
  }
  for (const file of FILES) {
    const path = join(directory, file);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || stats.uid === owner) continue;
    const message = `${path} belongs to ${accountName(stats.uid)}: give it to ${name} with chown ${name} ${path}`;
    throw new AppError("forbidden", message);
  }
}
