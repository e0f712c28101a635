/** Turns SQLite's failures into the one error callers know: the store is unavailable, and why. */
import { SQLiteError } from "bun:sqlite";
import { AppError } from "../core/app-error.ts";

/** By SQLite's primary result code (https://sqlite.org/rescode.html). */
const REASONS: ReadonlyMap<number, string> = new Map([
  [5, "the store is locked by another process"],
  [6, "the store is locked by another process"],
  [8, "the store cannot be written"],
  [10, "the disk failed while the store was read or written"],
  [11, "the store is damaged"],
  [13, "the disk is full"],
  [14, "the store cannot be opened"],
  [26, "the store is damaged: not a database"],
]);

const BUSY = 5;

export function isBusy(error: unknown): boolean {
  return error instanceof SQLiteError && (error.errno & 0xff) === BUSY;
}

/**
 * The failure as an AppError; what is no failure of SQLite's is handed back as it is.
 *
 * @param path of the file, where it is not plain which one is meant
 */
export function toAppError(error: unknown, path?: string): unknown {
  if (!(error instanceof SQLiteError)) return error;
  const place = path === undefined ? "" : ` (${path})`;
  return new AppError("unavailable", `${reasonOf(error.errno)}${place}`, { cause: error });
}

/** In words, by a result code, extended or not. */
export function reasonOf(errno: number): string {
  return REASONS.get(errno & 0xff) ?? "the store refused the work";
}
