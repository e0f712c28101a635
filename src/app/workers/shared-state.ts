/**
 * What the main thread and the judging threads see of each other at once, without a message: the newest
 * sequence, the version of keys and policy, and what each thread has let others remember.
 *
 * The order of reading and writing carries the argument. The main thread writes the sequence of a
 * change before it looks at what is remembered; a judging thread writes what will be remembered before
 * it reads the sequence. So of a judgement and a change at the same moment at least one sees the other.
 *
 * What was noted before a change stays noted as long as it may be remembered: only its own thread writes
 * a note, and until it is over its sequence goes down only and its end goes later only. So whatever the
 * main thread reads between two of those writes, it never counts a note for less than it is.
 */

const SEQ = 0;
const VERSION = 1;
const HEAD = 2;
const JUDGED_SEQ = 0;
const UNTIL = 1;
const NOTE = 2;
/**
 * Sequences that a thread tells apart: a change must not wait for what was judged after it, or with steady
 * requests and changes no wait would ever end.
 */
const NOTES = 32;

/** Makes the memory for a number of judging threads. */
export function createSharedMemory(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer((HEAD + NOTE * NOTES * threads) * BigInt64Array.BYTES_PER_ELEMENT);
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
    for (let at = HEAD; at < this.#words.length; at += NOTE) {
      // Backwards in the order of writing: a new note's end is never taken for that of the one it replaces.
      const untilMs = Number(Atomics.load(this.#words, at + UNTIL));
      if (untilMs <= until) continue;
      if (Number(Atomics.load(this.#words, at + JUDGED_SEQ)) < seq) until = untilMs;
    }
    return until;
  }
}

/** What verdicts judged at a sequence, or somewhat later, may be remembered until. */
interface Note {
  readonly at: number;
  judgedSeq: number;
  untilMs: number;
}

/** A judging thread's side. */
export class SharedReader {
  readonly #words: BigInt64Array;
  /** As they are in the shared memory, where only this thread writes them. */
  readonly #notes: readonly Note[];

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#words = new BigInt64Array(memory);
    this.#notes = Array.from({ length: NOTES }, (_, place) => ({
      at: HEAD + NOTE * (NOTES * thread + place),
      judgedSeq: 0,
      untilMs: 0,
    }));
  }

  seq(): number {
    return Number(Atomics.load(this.#words, SEQ));
  }

  version(): number {
    return Number(Atomics.load(this.#words, VERSION));
  }

  /**
   * Notes that a verdict judged at a sequence will be remembered; to be called before the sequence is read.
   *
   * @param nowMs by the same clock as `untilMs`
   */
  noteRemembered(judgedSeq: number, untilMs: number, nowMs: number): void {
    const same = this.#notes.find((note) => note.judgedSeq === judgedSeq);
    const free = same ?? this.#notes.find((note) => note.untilMs <= nowMs);
    if (free !== undefined) this.#write(free, judgedSeq, Math.max(untilMs, same?.untilMs ?? 0));
    else this.#countAsOlder(judgedSeq, untilMs);
  }

  /**
   * With all notes in use: counts it as judged at the newest of them that is not newer. That note ends soon
   * after another one is free again, so no wait grows by more than the longest memory.
   */
  #countAsOlder(judgedSeq: number, untilMs: number): void {
    const sorted = this.#notes.toSorted((a, b) => a.judgedSeq - b.judgedSeq);
    const note = sorted.findLast((one) => one.judgedSeq < judgedSeq) ?? sorted[0];
    if (note === undefined) return;
    this.#write(note, Math.min(note.judgedSeq, judgedSeq), Math.max(note.untilMs, untilMs));
  }

  #write(note: Note, judgedSeq: number, untilMs: number): void {
    if (note.judgedSeq !== judgedSeq) {
      note.judgedSeq = judgedSeq;
      Atomics.store(this.#words, note.at + JUDGED_SEQ, BigInt(judgedSeq));
    }
    const until = Math.ceil(untilMs);
    if (until === note.untilMs) return;
    note.untilMs = until;
    Atomics.store(this.#words, note.at + UNTIL, BigInt(until));
  }
}
