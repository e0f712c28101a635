/** Pages of a list, newest first or oldest: opaque cursors, and filters that never hold up the event loop. */
import { checkLimit, MAX_PAGE, parseCursor, toCursor } from "../core/revocation/page-cursor.ts";
import type { Page } from "../core/revocation/store.ts";

/** Rows looked at between two pauses, a few milliseconds, and at most for one page. */
const CHUNK = MAX_PAGE;
const SCAN_LIMIT = 100_000;

interface Reading<R, T, P> {
  readonly limit: number;
  /** Whether `pick` may leave rows out. */
  readonly isFiltered: boolean;
  /** Up to `count` rows beyond a place, in the list's order. */
  readonly read: (beyond: P, count: number) => readonly R[];
  readonly pick: (row: R) => T | undefined;
  readonly pause: () => Promise<void>;
}

export interface PageRequest<R extends { readonly id: number }, T> extends Reading<R, T, number> {
  /** Which list it is, so that one list's cursor is refused by another. */
  readonly list: string;
  readonly cursor: string | undefined;
  /** `read` gives rows with an id below `beyond`, ids descending; with this above it, ascending. */
  readonly isAscending?: boolean;
}

/**
 * Reads one page of a list by id. With a filter that few rows pass it may end early, with fewer items
 * and a cursor.
 *
 * @throws AppError invalid (path `/cursor`, `/limit`)
 */
export async function readPage<R extends { readonly id: number }, T>(
  request: PageRequest<R, T>,
): Promise<Page<T>> {
  const { list, cursor, isAscending } = request;
  const start = isAscending === true ? 0 : Number.MAX_SAFE_INTEGER;
  return readPageFrom(request, {
    start: () => (cursor === undefined ? start : parseCursor(list, cursor)),
    placeOf: ({ id }) => id,
    toCursor: (id) => toCursor(list, id),
  });
}

/** How a list is gone through: where a page begins, where it ended. */
export interface Places<R, P> {
  /** @throws AppError invalid (path `/cursor`) */
  readonly start: () => P;
  readonly placeOf: (row: R) => P;
  readonly toCursor: (place: P) => string;
}

/** The same for a list in any order. @throws AppError invalid (path `/cursor`, `/limit`) */
export async function readPageFrom<R, T, P>(
  request: Reading<R, T, P>,
  places: Places<R, P>,
): Promise<Page<T>> {
  const { limit, read, pick } = request;
  checkLimit(limit);
  const items: T[] = [];
  let beyond = places.start();
  for (let scanned = 0; scanned < SCAN_LIMIT;) {
    const count = request.isFiltered ? CHUNK : limit + 1;
    const rows = read(beyond, count);
    for (const row of rows) {
      const item = pick(row);
      if (item !== undefined) {
        if (items.length === limit) return { items, cursor: places.toCursor(beyond) };
        items.push(item);
      }
      beyond = places.placeOf(row);
    }
    if (rows.length < count) return { items, cursor: undefined };
    scanned += count;
    await request.pause();
  }
  return { items, cursor: places.toCursor(beyond) };
}
