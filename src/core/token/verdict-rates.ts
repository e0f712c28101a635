/** How many verdicts there were in each of the last sixty minutes, by reason: what the page draws. */
import type { Reason } from "./reason.ts";

/** One minute; the present one is still growing. */
export interface MinuteOfVerdicts {
  /** Unix seconds at which it began. */
  readonly start: number;
  readonly counts: Readonly<Partial<Record<Reason, number>>>;
}

const MINUTES = 60;

export class VerdictRates {
  readonly #nowSeconds: () => number;
  readonly #minutes = new Map<number, Map<Reason, number>>();

  constructor(nowSeconds: () => number) {
    this.#nowSeconds = nowSeconds;
  }

  /** Counts verdicts; those a verifier answered from its memory come in numbers. */
  count(reason: Reason, times = 1): void {
    const minute = Math.floor(this.#nowSeconds() / 60);
    let counts = this.#minutes.get(minute);
    if (counts === undefined) {
      counts = new Map();
      this.#minutes.set(minute, counts);
      this.#forget(minute);
    }
    counts.set(reason, (counts.get(reason) ?? 0) + times);
  }

  /** The last hour, oldest first, quiet minutes left out. */
  lastHour(): readonly MinuteOfVerdicts[] {
    const minute = Math.floor(this.#nowSeconds() / 60);
    this.#forget(minute);
    return [...this.#minutes]
      .toSorted(([a], [b]) => a - b)
      .map(([at, counts]) => ({ start: at * 60, counts: Object.fromEntries(counts) }));
  }

  /** Also what a clock that was set back has left in the future. */
  #forget(minute: number): void {
    for (const at of this.#minutes.keys()) {
      if (at <= minute - MINUTES || at > minute) this.#minutes.delete(at);
    }
  }
}
