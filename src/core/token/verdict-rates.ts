/** How many verdicts there were in each of the last sixty minutes, by reason: what the page draws. */
import type { Reason } from "./reason.ts";

/** One minute; the present one is still growing. */
export interface MinuteOfVerdicts {
  /** Unix seconds at which it began. */
  readonly start: number;
  readonly counts: Readonly<Partial<Record<Reason, number>>>;
  /** Answered by verifiers from their memory: of which reason they do not say. */
  readonly remembered: number;
}

interface Minute {
  readonly counts: Map<Reason, number>;
  remembered: number;
}

const MINUTES = 60;

export class VerdictRates {
  readonly #nowSeconds: () => number;
  readonly #minutes = new Map<number, Minute>();

  constructor(nowSeconds: () => number) {
    this.#nowSeconds = nowSeconds;
  }

  /** Counts verdicts that were judged. */
  count(reason: Reason, times = 1): void {
    const { counts } = this.#present();
    counts.set(reason, (counts.get(reason) ?? 0) + times);
  }

  /** Counts verdicts that a verifier answered from its memory, as it has just reported them. */
  countRemembered(times: number): void {
    if (times > 0) this.#present().remembered += times;
  }

  /** The last hour, oldest first, quiet minutes left out. */
  lastHour(): readonly MinuteOfVerdicts[] {
    const minute = Math.floor(this.#nowSeconds() / 60);
    this.#forget(minute);
    return [...this.#minutes]
      .toSorted(([a], [b]) => a - b)
      .map(([at, { counts, remembered }]) => ({
        start: at * 60,
        counts: Object.fromEntries(counts),
        remembered,
      }));
  }

  #present(): Minute {
    const at = Math.floor(this.#nowSeconds() / 60);
    const known = this.#minutes.get(at);
    if (known !== undefined) return known;
    const minute = { counts: new Map<Reason, number>(), remembered: 0 };
    this.#minutes.set(at, minute);
    this.#forget(at);
    return minute;
  }

  /** Also what a clock that was set back has left in the future. */
  #forget(minute: number): void {
    for (const at of this.#minutes.keys()) {
      if (at <= minute - MINUTES || at > minute) this.#minutes.delete(at);
    }
  }
}
