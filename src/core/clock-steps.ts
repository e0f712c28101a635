/**
 * Notices when somebody sets the wall clock, and knows the earliest time that it can honestly be: what
 * cannot be undone, such as forgetting a rule whose time is over, must not hang on a clock set wrong.
 */

export interface Clocks {
  /** Unix time in milliseconds, which somebody may set. */
  readonly nowMs: () => number;
  /** A clock that never goes back, in milliseconds; it may stand still while the machine sleeps. */
  readonly monotonicMs: () => number;
}

/** Slewing and the clocks' own drift stay far below, between two looks a second apart. */
const STEP_MS = 1000;

/** A clock that was set forward and left there for so long is taken at its word. */
const BELIEVED_AFTER_MS = 24 * 3_600_000;

/** To be looked at about once a second; a step back and forth between two looks leaves nothing to notice. */
export class ClockSteps {
  readonly #clocks: Clocks;
  #offsetMs: number;
  #prudentOffsetMs: number;
  #forwardSinceMs = 0;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#offsetMs = clocks.nowMs() - clocks.monotonicMs();
    this.#prudentOffsetMs = this.#offsetMs;
  }

  /** By how many seconds the wall clock was set since the last look, less than 0 for back; 0: it was not. */
  look(): number {
    const { nowMs, monotonicMs } = this.#clocks;
    const monotonic = monotonicMs();
    const offset = nowMs() - monotonic;
    const change = offset - this.#offsetMs;
    this.#offsetMs = offset;
    const isStep = Math.abs(change) >= STEP_MS;
    if (!isStep) this.#prudentOffsetMs += change;
    else if (change > 0) this.#forwardSinceMs = monotonic;
    const isBelieved = monotonic - this.#forwardSinceMs >= BELIEVED_AFTER_MS;
    if (offset < this.#prudentOffsetMs || isBelieved) this.#prudentOffsetMs = offset;
    return isStep ? change / 1000 : 0;
  }

  /** Unix milliseconds; after a step forward, for a day, the time from before it counted on. */
  prudentNowMs(): number {
    const { nowMs, monotonicMs } = this.#clocks;
    return Math.min(nowMs(), monotonicMs() + this.#prudentOffsetMs);
  }
}
