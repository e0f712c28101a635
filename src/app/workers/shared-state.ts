/**
 * What the main thread and the judging threads see of each other at once, without a message: the newest
 * sequence, the version of keys and policy, and what each thread has let others remember.
 *
 * The order of reading and writing carries the argument. The main thread writes the sequence of a
 * change before it looks at what is remembered; a judging thread writes what will be remembered before
 * it reads the sequence. So of a judgement and a change at the same moment at least one sees the other.
 */

const SEQ = 0;
const VERSION = 1;
const HEAD = 2;
const JUDGED_SEQ = 0;
const UNTIL = 1;
const OLDER_UNTIL = 2;
const SLOT = 3;

/** Makes the memory for a number of judging threads. */
export function createSharedMemory(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer((HEAD + SLOT * threads) * BigInt64Array.BYTES_PER_ELEMENT);
}

/** The main thread's side. */
export class SharedWriter {
  readonly #words: BigInt64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new BigInt64Array(memory);
  }

  setSeq(seq: number): void {
    Atomics.store(this.#words, SEQ, BigInt(seq));
  }

  setVersion(version: number): void {
    Atomics.store(this.#words, VERSION, BigInt(version));
  }

  /**
   * Until when, in monotonic milliseconds, verdicts judged before a sequence may be remembered
   * somewhere; 0: nowhere.
   */
  rememberedUntilMs(seq: number): number {
    let until = 0;
    for (let at = HEAD; at < this.#words.length; at += SLOT) {
      // Backwards in the order of writing: a move from `UNTIL` to `OLDER_UNTIL` is seen at least once.
      const current = Number(Atomics.load(this.#words, at + UNTIL));
      const judgedSeq = Number(Atomics.load(this.#words, at + JUDGED_SEQ));
      const older = Number(Atomics.load(this.#words, at + OLDER_UNTIL));
      until = Math.max(until, older, judgedSeq < seq ? current : 0);
    }
    return until;
  }
}

/** A judging thread's side. */
export class SharedReader {
  readonly #words: BigInt64Array;
  readonly #at: number;

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#words = new BigInt64Array(memory);
    this.#at = HEAD + SLOT * thread;
  }

  seq(): number {
    return Number(Atomics.load(this.#words, SEQ));
  }

  version(): number {
    return Number(Atomics.load(this.#words, VERSION));
  }

  /** Notes that a verdict judged at a sequence will be remembered; to be called before the sequence is read. */
  noteRemembered(judgedSeq: number, untilMs: number): void {
    const words = this.#words;
    const known = Number(Atomics.load(words, this.#at + JUDGED_SEQ));
    const current = Number(Atomics.load(words, this.#at + UNTIL));
    const until = BigInt(Math.ceil(untilMs));
    if (known !== judgedSeq) {
      const older = Number(Atomics.load(words, this.#at + OLDER_UNTIL));
      Atomics.store(words, this.#at + OLDER_UNTIL, BigInt(Math.ceil(Math.max(older, current))));
      Atomics.store(words, this.#at + JUDGED_SEQ, BigInt(judgedSeq));
    }
    if (until > BigInt(Math.ceil(current)) || known !== judgedSeq) {
      Atomics.store(words, this.#at + UNTIL, until);
    }
  }
}
