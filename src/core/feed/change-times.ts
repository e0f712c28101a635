/** When the newest changes were made, so that their way to each verifier can be timed. */

const MAX_CHANGES = 1000;

export class ChangeTimes {
  readonly #madeAtMs = new Map<number, number>();

  /** @param now milliseconds of a monotonic clock */
  made(seq: number, now: number): void {
    this.#madeAtMs.set(seq, now);
    if (this.#madeAtMs.size <= MAX_CHANGES) return;
    for (const oldest of this.#madeAtMs.keys()) {
      this.#madeAtMs.delete(oldest);
      break;
    }
  }

  /** Undefined for a change that is not among the newest. */
  madeAtMs(seq: number): number | undefined {
    return this.#madeAtMs.get(seq);
  }

  /** How long ago each change after one sequence, up to another, was made. */
  *agesMs(afterSeq: number, upToSeq: number, now: number): Generator<number> {
    for (const [seq, madeAtMs] of this.#madeAtMs)
      if (seq > afterSeq && seq <= upToSeq) yield now - madeAtMs;
  }

  clear(): void {
    this.#madeAtMs.clear();
  }
}
