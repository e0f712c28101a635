/** The data folder: only its owner may look into it. */
import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { AppError } from "../core/app-error.ts";

/** The database's name inside the folder. */
export const DATABASE_FILE = "haproxy-jwt.db";

/**
 * Makes the folder (0700), or takes from it what others may do there.
 * @throws AppError unavailable
 */
export function prepareFolder(directory: string): void {
  try {
    if (!existsSync(directory)) mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { mode } = statSync(directory);
    if ((mode & 0o077) !== 0) chmodSync(directory, 0o700);
  } catch (cause) {
    throw new AppError("unavailable", `the data folder ${directory} cannot be used`, { cause });
  }
}
