/** The cursors of lists: opaque to whoever pages, and refused by any list but their own. */
import { AppError } from "../app-error.ts";

/** Most rows that a page may hold. */
export const MAX_PAGE = 1000;

/** @throws AppError invalid (path `/limit`) */
export function checkLimit(limit: number): void {
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return;
  throw new AppError("invalid", `at /limit: expected a number from 1 to ${MAX_PAGE}`, {
    path: "/limit",
    expected: `a number from 1 to ${MAX_PAGE}`,
  });
}

export function toCursor(list: string, id: number): string {
  return Buffer.from(`${list}:${id}`).toString("base64url");
}

/** The id that a page ended with. @throws AppError invalid (path `/cursor`) */
export function parseCursor(list: string, cursor: string): number {
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const [prefix, id = ""] = text.split(":");
  if (prefix === list && /^[0-9]{1,15}$/.test(id) && toCursor(list, Number(id)) === cursor) {
    return Number(id);
  }
  throw new AppError("invalid", "at /cursor: expected a cursor as an earlier page gave it", {
    path: "/cursor",
    expected: "a cursor as an earlier page gave it",
  });
}
