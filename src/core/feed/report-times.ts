/** When a verifier first reported the newest of the changes that it has applied. */

/** As many as come while a wait lasts, and few enough for many verifiers. */
const MAX_REPORTS = 64;

export class ReportTimes {
  readonly #reports: { readonly seq: number; readonly atMs: number }[] = [];
  #hasDropped = false;

  /**
   * Notes a report of more than before.
   *
   * @param now milliseconds of a monotonic clock
   */
  reported(seq: number, now: number): void {
    this.#reports.push({ seq, atMs: now });
    if (this.#reports.length <= MAX_REPORTS) return;
    this.#reports.shift();
    this.#hasDropped = true;
  }

  /** When a change, or a later one, was first reported as applied; undefined where that is not known any more. */
  firstAtMs(seq: number): number | undefined {
    const at = this.#reports.findIndex((report) => report.seq >= seq);
    // An earlier report, dropped by now, may have been the first.
    if (at === 0 && this.#hasDropped) return undefined;
    return this.#reports[at]?.atMs;
  }

  clear(): void {
    this.#reports.length = 0;
    this.#hasDropped = false;
  }
}
