/**
 * The database's clock as one node sees it: never faster than the node's own, but for the drift of
 * clocks. Whether another node's lease is over is measured by the database's clock alone; were that
 * set forward, leases would seem over that are not.
 */

/** Far more than clocks drift, and less than the margin that is left for it (node-standing.ts). */
const DRIFT = 0.001;

export class DatabaseClock {
  readonly #monotonicMs: () => number;
  #last: { readonly epoch: string; readonly atMs: number; readonly believedMs: number } | undefined;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /**
   * Takes in what the clock shows, and says how much of it can be believed.
   *
   * @param epoch    another history may be another machine's clock: it is believed anew
   */
  read(shownMs: number, epoch: string): number {
    const atMs = this.#monotonicMs();
    const last = this.#last;
    const believedMs =
      last === undefined || last.epoch !== epoch
        ? shownMs
        : Math.min(shownMs, last.believedMs + (atMs - last.atMs) * (1 + DRIFT));
    this.#last = { epoch, atMs, believedMs };
    return believedMs;
  }
}
