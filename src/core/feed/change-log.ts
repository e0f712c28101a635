/** The latest changes in memory, bounded: what a verifier that has applied up to N must forget. */

/** One change as verifiers need it: whose verdicts it concerns. */
export interface FeedChange {
  readonly seq: number;
  /** Undefined: everybody's. */
  readonly subject: string | undefined;
}

/** What a verifier must do to get from its sequence to the newest. */
export type CatchUp =
  | { readonly kind: "nothing" }
  | { readonly kind: "everything" }
  | { readonly kind: "subjects"; readonly subjects: readonly string[] }
  /** The log does not reach back so far: forget all and start over. */
  | { readonly kind: "reset" };

/** More subjects than this in one answer, and forgetting everything is cheaper. */
const MAX_SUBJECTS = 500;

export class ChangeLog {
  readonly #changes: FeedChange[] = [];
  readonly #limit: number;
  #seq: number;
  /** Every change after this one is in the log. */
  #completeFrom: number;

  constructor(seq: number, limit = 10_000) {
    this.#seq = seq;
    this.#completeFrom = seq;
    this.#limit = limit;
  }

  get seq(): number {
    return this.#seq;
  }

  /** Takes up changes in the order of their sequence. A gap makes older positions start over. */
  append(changes: readonly FeedChange[]): void {
    for (const change of changes) {
      if (change.seq <= this.#seq) continue;
      if (change.seq !== this.#seq + 1) {
        this.#changes.length = 0;
        this.#completeFrom = change.seq;
      } else {
        this.#changes.push(change);
      }
      this.#seq = change.seq;
    }
    const surplus = this.#changes.length - this.#limit;
    if (surplus <= 0) return;
    // A tenth at a time, so that a full log does not move itself at each change.
    const dropped = this.#changes.splice(0, surplus + Math.floor(this.#limit / 10));
    this.#completeFrom = dropped.at(-1)?.seq ?? this.#completeFrom;
  }

  /** Begins anew at a sequence of another history: whatever came before is no longer spoken of. */
  restart(seq: number): void {
    this.#changes.length = 0;
    this.#seq = seq;
    this.#completeFrom = seq;
  }

  /** What has changed after a sequence; one this log cannot speak of is a reset. */
  since(seq: number): CatchUp {
    if (seq === this.#seq) return { kind: "nothing" };
    if (!Number.isSafeInteger(seq) || seq > this.#seq || seq < this.#completeFrom) {
      return { kind: "reset" };
    }
    const subjects = new Set<string>();
    for (const change of this.#changes.slice(seq - this.#completeFrom)) {
      if (change.subject === undefined) return { kind: "everything" };
      subjects.add(change.subject);
      if (subjects.size > MAX_SUBJECTS) return { kind: "everything" };
    }
    return { kind: "subjects", subjects: [...subjects] };
  }
}
