/** The data folder: only its owner may look into it. */
import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { AppError } from "../core/app-error.ts";

/** The database's name inside the folder. */
export const DATABASE_FILE = "haproxy-jwt.db";

/** What a machine that shares a store keeps for itself, in the same folder. */
export const NODE_FILE = "node.db";

/**
 * Makes the folder (0700), or takes from it what others may do there.
 * @throws AppError unavailable
 */
export function prepareFolder(directory: string): void {
  let mode: number | undefined;
  try {
    if (!existsSync(directory)) mkdirSync(directory, { recursive: true, mode: 0o700 });
    const found = statSync(directory);
    if (found.isDirectory()) ({ mode } = found);
    if (mode !== undefined && (mode & 0o077) !== 0) chmodSync(directory, 0o700);
    // SQLite would say of a folder on a read-only disk only that it cannot open its file.
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
    throw new AppError("unavailable", `the data folder ${directory} cannot be used${code}`, {
      cause,
    });
  }
  if (mode === undefined) {
    throw new AppError("unavailable", `the data folder ${directory} is not a folder`);
  }
}
