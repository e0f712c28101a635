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
  throw refused();
}

/** What `ends` is of a rule that never does. */
export const NEVER_ENDS = Number.MAX_SAFE_INTEGER;

/** A place in a list by when rules end; two that end together are told apart by their ids. */
export interface EndPlace {
  /** Unix seconds, or `NEVER_ENDS`. */
  readonly ends: number;
  readonly id: number;
}

/** Where a list by end begins: before all places, or after all in the other direction. */
export function firstEndPlace(isAscending: boolean): EndPlace {
  return isAscending ? { ends: -1, id: 0 } : { ends: NEVER_ENDS, id: Number.MAX_SAFE_INTEGER };
}

export function toEndCursor(list: string, { ends, id }: EndPlace): string {
  return Buffer.from(`${list}:${ends}:${id}`).toString("base64url");
}

/** @throws AppError invalid (path `/cursor`) */
export function parseEndCursor(list: string, cursor: string): EndPlace {
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const [prefix, ends = "", id = ""] = text.split(":");
  const place = { ends: Number(ends), id: Number(id) };
  const isNumber = /^[0-9]{1,16}$/.test(ends) && /^[0-9]{1,16}$/.test(id);
  if (prefix === list && isNumber && toEndCursor(list, place) === cursor) return place;
  throw refused();
}

function refused(): AppError {
  return new AppError("invalid", "at /cursor: expected a cursor as an earlier page gave it", {
    path: "/cursor",
    expected: "a cursor as an earlier page gave it",
  });
}
