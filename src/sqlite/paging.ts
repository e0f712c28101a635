/** Pages of a list, newest first or oldest: opaque cursors, and filters that never hold up the event loop. */
import { checkLimit, MAX_PAGE, parseCursor, toCursor } from "../core/revocation/page-cursor.ts";
import type { Page } from "../core/revocation/store.ts";

/** Rows looked at between two pauses, a few milliseconds, and at most for one page. */
const CHUNK = MAX_PAGE;
const SCAN_LIMIT = 100_000;

export interface PageRequest<R extends { readonly id: number }, T> {
  /** Which list it is, so that one list's cursor is refused by another. */
  readonly list: string;
  readonly cursor: string | undefined;
  readonly limit: number;
  /** Whether `pick` may leave rows out. */
  readonly isFiltered: boolean;
  /** Up to `count` rows with an id below `beyond`, ids descending; with `isAscending` above it, ascending. */
  readonly read: (beyond: number, count: number) => readonly R[];
  readonly isAscending?: boolean;
  readonly pick: (row: R) => T | undefined;
  readonly pause: () => Promise<void>;
}

/**
 * Reads one page. With a filter that few rows pass it may end early, with fewer items and a cursor.
 * @throws AppError invalid (path `/cursor`, `/limit`)
 */
export async function readPage<R extends { readonly id: number }, T>(
  request: PageRequest<R, T>,
): Promise<Page<T>> {
  const { list, limit, read, pick } = request;
  checkLimit(limit);
  const items: T[] = [];
  const start = request.isAscending === true ? 0 : Number.MAX_SAFE_INTEGER;
  let beyond = request.cursor === undefined ? start : parseCursor(list, request.cursor);
  for (let scanned = 0; scanned < SCAN_LIMIT;) {
    const count = request.isFiltered ? CHUNK : limit + 1;
    const rows = read(beyond, count);
    for (const row of rows) {
      const item = pick(row);
      if (item !== undefined) {
        if (items.length === limit) return { items, cursor: toCursor(list, beyond) };
        items.push(item);
      }
      beyond = row.id;
    }
    if (rows.length < count) return { items, cursor: undefined };
    scanned += count;
    await request.pause();
  }
  return { items, cursor: toCursor(list, beyond) };
}
