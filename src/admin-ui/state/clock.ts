/** The present moment as a signal, in step with the server's clock rather than this computer's. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Snapshot } from "../api/types.ts";

/** Differences below this are the way of the message, not of the clocks. */
const IGNORED_SECONDS = 5;

/**
 * Unix seconds, growing once a second.
 *
 * @param every runs a function again and again
 */
export function createClock(
  nowMs: () => number,
  every: (periodMs: number, run: () => void) => void,
  snapshot: ReadonlySignal<Snapshot | undefined>,
  heardAt: ReadonlySignal<number | undefined>,
): ReadonlySignal<number> {
  const own = signal(Math.floor(nowMs() / 1000));
  every(1000, () => {
    own.value = Math.floor(nowMs() / 1000);
  });
  const ahead = computed(() => {
    const server = snapshot.value?.stats.now;
    const heard = heardAt.value;
    if (server === undefined || heard === undefined) return 0;
    const difference = Math.round(server - heard);
    return Math.abs(difference) < IGNORED_SECONDS ? 0 : difference;
  });
  return computed(() => own.value + ahead.value);
}
