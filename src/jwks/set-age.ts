/** How old a source's last good set is, by the clock that is further on, and the moment at which it is too old. */

export interface SetAgeOptions {
  /** The wall clock, which counts a machine's sleep. */
  readonly nowSeconds: () => number;
  /** The one that nobody sets back. */
  readonly monotonicMs: () => number;
  readonly maxAgeSeconds: () => number;
  /** Told when a set becomes too old, once for each that was noted. */
  readonly onTooOld: () => void;
  /** Runs something later; to be called off by what it returns. */
  readonly after?: (delayMs: number, run: () => void) => () => void;
}

/** Timers know no longer delay: they run at once instead. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export class SetAge {
  readonly #options: Required<SetAgeOptions>;
  #fetchedAtSeconds: number | undefined;
  #readAtMs = 0;
  #callOff: (() => void) | undefined;
  #isStopped = false;

  constructor(options: SetAgeOptions) {
    this.#options = { after, ...options };
  }

  /** The source has said, then, that its set holds; in Unix seconds. */
  note(fetchedAtSeconds: number): void {
    const { nowSeconds, monotonicMs } = this.#options;
    this.#fetchedAtSeconds = fetchedAtSeconds;
    this.#readAtMs = monotonicMs() - Math.max(0, nowSeconds() - fetchedAtSeconds) * 1000;
    if (!this.isTooOld()) this.#watch();
  }

  /** Infinite where there is no set. */
  seconds(): number {
    const { nowSeconds, monotonicMs } = this.#options;
    if (this.#fetchedAtSeconds === undefined) return Number.POSITIVE_INFINITY;
    const wall = nowSeconds() - this.#fetchedAtSeconds;
    return Math.max(wall, (monotonicMs() - this.#readAtMs) / 1000);
  }

  isTooOld(): boolean {
    return this.seconds() >= this.#options.maxAgeSeconds();
  }

  stop(): void {
    this.#isStopped = true;
    this.#callOff?.();
  }

  #watch(): void {
    this.#callOff?.();
    if (this.#isStopped) return;
    const { after: runLater, maxAgeSeconds, onTooOld } = this.#options;
    const leftMs = Math.ceil((maxAgeSeconds() - this.seconds()) * 1000);
    this.#callOff = runLater(Math.min(leftMs, LONGEST_DELAY_MS), () => {
      // A timer may be early, or was only the first of several.
      if (this.isTooOld()) onTooOld();
      else this.#watch();
    });
  }
}

function after(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
