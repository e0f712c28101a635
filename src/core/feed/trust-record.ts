/**
 * Remembers, over restarts, the longest time that anybody was ever allowed to trust what he remembers:
 * a server that starts does not know the verifiers of its former life, and confirms nothing before it
 * has passed.
 */

/** Where the number is kept; `raise` answers once it is durable. */
export interface TrustStore {
  raise(name: string, atLeast: number): Promise<number>;
}

const SETTING = "longest_trust_ms";

export class TrustRecord {
  readonly #store: TrustStore;
  #durableMs: number;
  #raising: Promise<void> | undefined;

  private constructor(store: TrustStore, durableMs: number) {
    this.#store = store;
    this.#durableMs = durableMs;
  }

  /**
   * Opens the record.
   *
   * @param usualMs what will surely be granted: recorded at once
   * @returns the record, and how long trust of the former life may still last from now
   */
  static async open(
    store: TrustStore,
    usualMs: number,
  ): Promise<{ readonly record: TrustRecord; readonly formerMs: number }> {
    const formerMs = await store.raise(SETTING, 0);
    const durableMs = await store.raise(SETTING, usualMs);
    return { record: new TrustRecord(store, durableMs), formerMs };
  }

  /** Tells whether so long a trust may be granted now; where not, it begins to record it. */
  allows(trustMs: number): boolean {
    if (trustMs <= this.#durableMs) return true;
    // A failure shows in the next request for it, which begins anew.
    this.ensure(trustMs).catch(() => undefined);
    return false;
  }

  /** Settles once so long a trust is recorded. Rejects where it cannot be: grant nothing then. */
  async ensure(trustMs: number): Promise<void> {
    while (trustMs > this.#durableMs) {
      this.#raising ??= this.#raise(trustMs).finally(() => {
        this.#raising = undefined;
      });
      // oxlint-disable-next-line no-await-in-loop -- a raise under way may be for less
      await this.#raising;
    }
  }

  async #raise(trustMs: number): Promise<void> {
    this.#durableMs = await this.#store.raise(SETTING, trustMs);
  }
}
