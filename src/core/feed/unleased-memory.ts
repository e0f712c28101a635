/** Until when verdicts may be remembered by those without a lease: nobody can tell them to forget. */
import { fencedAtMs } from "./lease.ts";

/** Sequences that are told apart. */
const MAX_SEQUENCES = 1000;

/** All moments are of the server's monotonic clock, in milliseconds. */
export class UnleasedMemory {
  /** Sequence → until when verdicts judged at it may be remembered. */
  readonly #untilMs = new Map<number, number>();

  /**
   * Notes that a verdict went out that is remembered for a time.
   *
   * @param judgedSeq the sequence it was judged at: only changes after it wait for it, else a steady
   *   stream of requests would put every confirmation off for ever
   */
  note(judgedSeq: number, ttlSeconds: number, now: number): void {
    const until = fencedAtMs(now, ttlSeconds * 1000, 0);
    const known = this.#untilMs.get(judgedSeq) ?? 0;
    this.#untilMs.set(judgedSeq, Math.max(known, until));
    if (this.#untilMs.size > MAX_SEQUENCES) this.#thin(now);
  }

  /** Another history has begun: what is remembered of the former one is older than anything in it. */
  restart(): void {
    const untilMs = Math.max(0, ...this.#untilMs.values());
    this.#untilMs.clear();
    if (untilMs > 0) this.#untilMs.set(-1, untilMs);
  }

  /** When the last verdict from before a change is forgotten; 0 where there is none. */
  forgottenAtMs(seq: number): number {
    let until = 0;
    for (const [judgedSeq, untilMs] of this.#untilMs)
      if (judgedSeq < seq) until = Math.max(until, untilMs);
    return until;
  }

  /** The newest change, up to a given one, from before which nothing is remembered. */
  confirmedSeq(newestSeq: number, now: number): number {
    let confirmed = newestSeq;
    for (const [judgedSeq, untilMs] of this.#untilMs)
      if (now < untilMs) confirmed = Math.min(confirmed, judgedSeq);
    return confirmed;
  }

  /** Drops what has passed; of what is left the newer half counts as judged at its oldest sequence. */
  #thin(now: number): void {
    const open = [...this.#untilMs].filter(([, untilMs]) => untilMs > now);
    const sorted = open.toSorted(([a], [b]) => a - b);
    const kept = sorted.slice(0, MAX_SEQUENCES / 2);
    const rest = sorted.slice(MAX_SEQUENCES / 2);
    this.#untilMs.clear();
    for (const [seq, untilMs] of kept) this.#untilMs.set(seq, untilMs);
    const [oldest] = rest[0] ?? [];
    if (oldest === undefined) return;
    this.#untilMs.set(oldest, Math.max(...rest.map(([, untilMs]) => untilMs)));
  }
}
