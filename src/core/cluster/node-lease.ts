/**
 * A node's lease in the shared store: until when it may judge by what it knows. Counted from before
 * the renewal was sent, by the clock that says more time has passed: one may stand still while the
 * machine sleeps, the other may be set. SECURITY.md holds the argument.
 */

/** The two clocks of a node, in milliseconds. */
export interface NodeClocks {
  /** Never goes back; may stand still while the machine sleeps. */
  readonly monotonicMs: () => number;
  /** Unix time; somebody may set it. */
  readonly nowMs: () => number;
}

/** A moment on both clocks. */
export interface Moment {
  readonly monotonicMs: number;
  readonly nowMs: number;
}

/** Below this a verifier's lease is too short for two of its polls: none is granted. */
const LEAST_GRANT_MS = 3000;

export class NodeLease {
  readonly #clocks: NodeClocks;
  readonly #lengthMs: number;
  #sent: Moment | undefined;

  constructor(clocks: NodeClocks, lengthMs: number) {
    this.#clocks = clocks;
    this.#lengthMs = lengthMs;
  }

  /** To be taken before a renewal is sent. */
  moment(): Moment {
    return { monotonicMs: this.#clocks.monotonicMs(), nowMs: this.#clocks.nowMs() };
  }

  /** Notes that a renewal was granted. One that was sent before the last one granted adds nothing. */
  renewed(sent: Moment): void {
    if (this.#sent === undefined || sent.monotonicMs > this.#sent.monotonicMs) this.#sent = sent;
  }

  /** Ends it: the history it was granted in is another one now. */
  drop(): void {
    this.#sent = undefined;
  }

  /** Milliseconds that it still runs; 0: it is over, or there was none. */
  remainingMs(): number {
    if (this.#sent === undefined) return 0;
    const { monotonicMs, nowMs } = this.moment();
    const elapsed = Math.max(monotonicMs - this.#sent.monotonicMs, nowMs - this.#sent.nowMs);
    return Math.max(0, this.#lengthMs - elapsed);
  }

  /** The lease, in whole seconds' milliseconds, that a verifier may be granted so as not to outlast it; 0: none. */
  grantMs(usualMs: number): number {
    const remaining = Math.floor(this.remainingMs() / 1000) * 1000;
    return remaining < LEAST_GRANT_MS ? 0 : Math.min(usualMs, remaining);
  }

  /** Milliseconds since the last renewal that was granted was sent; undefined: there was none. */
  ageMs(): number | undefined {
    return this.#sent && this.#clocks.monotonicMs() - this.#sent.monotonicMs;
  }
}
