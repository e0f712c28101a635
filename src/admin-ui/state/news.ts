/** Tells whether there are changes that a loaded list does not show yet. */
import { useEffect, useState } from "preact/hooks";

/**
 * Compares the newest sequence with the one at which the list was loaded.
 *
 * @param loadedAt when the list was loaded; another value is another loading
 * @param seq the newest sequence, once the live connection has said it
 */
export function useNews(loadedAt: number | undefined, seq: number | undefined): boolean {
  const [seen, setSeen] = useState<{ readonly at: number; readonly seq: number }>();
  useEffect(() => {
    // The list may be there before the first live word; then that word is what it was loaded at.
    if (loadedAt === undefined || loadedAt === seen?.at || seq === undefined) return;
    setSeen({ at: loadedAt, seq });
  }, [loadedAt, seq]);
  return seq !== undefined && seen !== undefined && seq > seen.seq;
}
