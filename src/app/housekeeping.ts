/** Does what a store needs from time to time: clears away what has ended, and looks for rules that rotted. */
import { describeError, type Log } from "../log.ts";
import type { Store } from "../sqlite/open-store.ts";

const TIDY_EVERY_MS = 60_000;
const SCRUB_EVERY_MS = 24 * 3600_000;

export interface Housekeeping {
  /** Ends it; settles once nothing of it is under way. To be called before the store is closed. */
  readonly stop: () => Promise<void>;
}

/**
 * Begins with a look through all rules; a failure is logged and tried again the next time.
 *
 * @param prudentNowMs what is taken for the time where something is let go of for good
 */
export function startHousekeeping(
  store: Store,
  log: Log,
  prudentNowMs: () => number,
): Housekeeping {
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  const run = (what: string, work: () => Promise<unknown>): void => {
    const one: Promise<void> = work()
      .then(
        () => undefined,
        (error: unknown) => {
          if (!stopping.signal.aborted) log.warn(what, describeError(error));
        },
      )
      .finally(() => underWay.delete(one));
    underWay.add(one);
  };
  const scrub = () =>
    run("rules could not be looked through", async () => {
      const { damaged, refiled } = await store.scrub(stopping.signal);
      // Loud, because each refuses everybody it could have been meant for until it is lifted.
      for (const id of damaged) log.error("a rule is damaged and refuses its whole scope", { id });
      if (refiled.length > 0) log.warn("rules were filed anew", { count: refiled.length });
    });
  const timers = [
    setInterval(
      () => run("the store could not be tidied", () => store.tidy(prudentNowMs())),
      TIDY_EVERY_MS,
    ),
    setInterval(scrub, SCRUB_EVERY_MS),
  ];
  scrub();
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      stopping.abort();
      await Promise.all(underWay);
    },
  };
}
