/**
 * Settings that only grow, such as the longest trust that was ever granted: HAProxy goes on trusting for
 * so long, whichever database the server has changed to meanwhile.
 */
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { AppError } from "../core/app-error.ts";
import type { Connection } from "./connection.ts";
import { GROWING_PREFIX } from "./settings.ts";
import { toAppError } from "./sqlite-error.ts";

/** Those of an open database, by their whole names. */
export function growingOf(db: Database): ReadonlyMap<string, number> {
  const rows = db
    .query<{ name: string; value: string }, [string]>(
      "SELECT name, value FROM setting WHERE name LIKE ? || '%'",
    )
    .all(GROWING_PREFIX);
  return new Map(rows.map(({ name, value }) => [name, Number(value)]));
}

/** Those of a file that nobody else has open; what cannot be read, or is not there, counts for nothing. */
export function readGrowing(file: string): ReadonlyMap<string, number> {
  if (!existsSync(file)) return new Map();
  try {
    const db = new Database(file, { readonly: true, strict: true });
    try {
      return growingOf(db);
    } finally {
      db.close();
    }
  } catch (error) {
    if (!(toAppError(error) instanceof AppError)) throw error;
    return new Map();
  }
}

/** Raises a database's own to those that another one has, or had. @throws AppError unavailable */
export async function raiseGrowing(
  connection: Connection,
  others: ReadonlyMap<string, number>,
): Promise<void> {
  const { db } = connection;
  const own = connection.read(() => growingOf(db));
  const greater = [...others].filter(([name, value]) => value > (own.get(name) ?? -Infinity));
  if (greater.length === 0) return;
  const set = db.query<unknown, [string, string]>(
    "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)",
  );
  await connection.write(() => {
    for (const [name, value] of greater) set.run(name, String(value));
  });
}
