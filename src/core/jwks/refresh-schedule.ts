/** When a key source is read next. */

export interface SyncTimes {
  /** Seconds between two readings, at the most. */
  readonly intervalSeconds: number;
  /** Seconds that the last good set is used without another reading. */
  readonly maxAgeSeconds: number;
}

/** A source that asks to be read sooner is, but not more often than this. */
const MIN_INTERVAL_SECONDS = 30;
const JITTER = 0.2;
/** What is left of the maximum age is for a source that does not answer at once. */
const PART_OF_MAX_AGE = 0.5;

/**
 * The delay until the next reading, in milliseconds: the interval, sooner where Cache-Control says so;
 * after failures 1, 2, 4 … seconds; always before the set is too old. Jitter only ever shortens it, so that a new key works within the
 * interval and many nodes do not ask at the same moment.
 *
 * @param random a number in [0, 1)
 */
export function nextDelayMs(
  state: { readonly failures: number; readonly maxAgeSeconds: number | undefined },
  times: SyncTimes,
  random: number,
): number {
  const intervalSeconds = Math.min(times.intervalSeconds, times.maxAgeSeconds * PART_OF_MAX_AGE);
  const wanted =
    state.failures > 0
      ? 2 ** Math.min(state.failures - 1, 20)
      : Math.max(state.maxAgeSeconds ?? intervalSeconds, MIN_INTERVAL_SECONDS);
  return Math.min(wanted, intervalSeconds) * 1000 * (1 - JITTER * random);
}
