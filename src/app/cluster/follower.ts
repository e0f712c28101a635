/**
 * Keeps a node's replica in step with the shared journal: woken by notices, sure by polling, and with a
 * fresh snapshot where the journal does not go on from where the replica is.
 */
import { AppError } from "../../core/app-error.ts";
import type { Change } from "../../core/revocation/store.ts";
import type { Database, Listening } from "../../postgres/database.ts";
import { type JournalEntry, readEntries, readHistory } from "../../postgres/journal.ts";
import { renewStoreId } from "../../postgres/store-id.ts";
import { type Notice, parseNotice } from "../../postgres/notice.ts";
import { JOURNAL_CHANNEL } from "../../postgres/parts.ts";
import { readImported, readRules } from "../../postgres/snapshot.ts";
import type { NodeStore } from "../../sqlite/replica/node-store.ts";
import type { Replica } from "../../sqlite/replica/replica.ts";

export interface FollowerParts {
  readonly database: Database;
  /** To be done before the database is used: it keeps what it confirms, and is of this version. */
  readonly prepare: () => Promise<void>;
  readonly node: NodeStore;
  readonly monotonicMs: () => number;
  /** Told of a failure, and again only of another one. */
  readonly onTrouble: (error: unknown) => void;
  /** Told that the shared store is followed (again). */
  readonly onFollowing: () => void;
}

/** What is heard of a replica's changes. */
export interface FollowerEvents {
  /** Entries that are in force now. */
  readonly onChanges: (changes: readonly Change[]) => void;
  /** Another replica is in use: nothing that was known before holds. */
  readonly onReset: () => void;
}

/** How far a node is with the journal. */
export interface Lag {
  /** The journal's newest number that is known here. */
  readonly headSeq: number;
  readonly seq: number;
  /** Milliseconds since the replica was known to be at the head; undefined: never. */
  readonly behindMs: number | undefined;
}

const POLL_MS = 2000;
const RETRY_MS = 500;
const PAGE = 500;
const PAGE_PATIENCE_MS = 5000;

export class Follower {
  readonly #parts: FollowerParts;
  readonly #listeners = new Set<FollowerEvents>();
  readonly #waiters = new Set<() => void>();
  /** Heard since the last look. */
  readonly #notices: Notice[] = [];
  #noticeKey: string | undefined;
  #replica: Replica | undefined;
  #listening: Listening | undefined;
  #isPrepared = false;
  #isStopped = false;
  #isWoken = false;
  /** Whether the table has to be looked at, whatever notices say. */
  #mustRead = true;
  #turn: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #headSeq = 0;
  #atHeadMs: number | undefined;
  #trouble: string | undefined;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    parts.database.onLost(() => {
      // What listened there hears nothing any more.
      this.#listening = undefined;
      this.poke();
    });
  }

  get replica(): Replica | undefined {
    return this.#replica;
  }

  /** Why the shared store is not followed now; undefined while it is. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  lag(): Lag {
    const { monotonicMs } = this.#parts;
    return {
      headSeq: this.#headSeq,
      seq: this.#replica?.index.seq ?? 0,
      behindMs: this.#atHeadMs === undefined ? undefined : monotonicMs() - this.#atHeadMs,
    };
  }

  /** Opens what a former run has left. @throws AppError unavailable */
  async open(): Promise<void> {
    this.#replica = await this.#parts.node.openReplica();
  }

  hear(events: FollowerEvents): () => void {
    this.#listeners.add(events);
    return () => this.#listeners.delete(events);
  }

  /** Looks at the journal now; one look at a time, and one more where it was woken meanwhile. */
  poke(): void {
    this.#mustRead = true;
    this.#rouse();
  }

  #rouse(): void {
    if (this.#isStopped) return;
    this.#isWoken = true;
    if (this.#turn !== undefined) return;
    clearTimeout(this.#timer);
    this.#turn = this.#run().finally(() => {
      this.#turn = undefined;
      if (this.#isWoken) this.#rouse();
    });
  }

  /** Follows the journal to its present end. @throws AppError config, unavailable */
  async catchUp(): Promise<void> {
    while (this.#turn !== undefined) await this.#turn;
    const following = this.#follow();
    this.#turn = following
      .catch(() => undefined)
      .finally(() => {
        this.#turn = undefined;
        if (this.#isWoken) this.#rouse();
      });
    await following;
  }

  /** Runs work on the replica between two looks at the journal. */
  async between(work: (replica: Replica) => Promise<void>): Promise<void> {
    while (this.#turn !== undefined) await this.#turn;
    const replica = this.#replica;
    if (replica === undefined || this.#isStopped) return;
    this.#turn = work(replica);
    try {
      await this.#turn;
    } finally {
      this.#turn = undefined;
      if (this.#isWoken) this.#rouse();
    }
  }

  /** Waits until a change is in force here, or the time is up. @returns whether it is */
  async reached(seq: number, timeoutMs: number): Promise<boolean> {
    const until = this.#parts.monotonicMs() + timeoutMs;
    this.poke();
    for (;;) {
      if ((this.#replica?.index.seq ?? 0) >= seq) return true;
      const leftMs = until - this.#parts.monotonicMs();
      if (leftMs <= 0 || this.#isStopped) return false;
      const woken = Promise.withResolvers<void>();
      const timer = setTimeout(woken.resolve, leftMs);
      this.#waiters.add(woken.resolve);
      // oxlint-disable-next-line no-await-in-loop -- each turn waits for the next thing to happen
      await woken.promise;
      clearTimeout(timer);
      this.#waiters.delete(woken.resolve);
    }
  }

  /** Ends following; settles once nothing of it is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#isWoken = false;
    clearTimeout(this.#timer);
    this.#wake();
    await this.#turn;
    await this.#listening?.stop();
    this.#replica?.close();
  }

  async #run(): Promise<void> {
    let nextMs = POLL_MS;
    this.#isWoken = false;
    try {
      await this.#listen();
      await this.#follow();
      if (this.#trouble !== undefined) this.#parts.onFollowing();
      this.#trouble = undefined;
    } catch (error) {
      nextMs = RETRY_MS;
      const trouble = error instanceof Error ? error.message : String(error);
      if (trouble !== this.#trouble && !this.#isStopped) this.#parts.onTrouble(error);
      this.#trouble = trouble;
    }
    if (!this.#isStopped) this.#timer = setTimeout(() => this.poke(), nextMs);
  }

  async #listen(): Promise<void> {
    if (this.#listening !== undefined) return;
    const heard = (payload: string) => {
      const key = this.#noticeKey;
      const notice = key === undefined ? undefined : parseNotice(payload, key);
      if (notice === undefined || this.#notices.length >= PAGE) return this.poke();
      this.#notices.push(notice);
      return this.#rouse();
    };
    const { database } = this.#parts;
    this.#listening = await database.listen(JOURNAL_CHANNEL, heard, () => this.poke());
  }

  async #follow(): Promise<void> {
    const { database, prepare } = this.#parts;
    if (!this.#isPrepared) await prepare();
    this.#isPrepared = true;
    while (!this.#isStopped) {
      this.#isWoken = false;
      const replica = this.#replica;
      // What the notices bring whole need not be asked for; the table is the truth for all else.
      // oxlint-disable-next-line no-await-in-loop
      if (replica !== undefined && (await this.#takeNotices(replica))) return;
      this.#mustRead = false;
      // What they say is in what is read from now on.
      this.#notices.length = 0;
      if (replica === undefined) {
        // oxlint-disable-next-line no-await-in-loop -- piece after piece
        await this.#takeSnapshot();
        continue;
      }
      // oxlint-disable-next-line no-await-in-loop
      const next = await database.readAtOnce(async (sql) => {
        const head = await readHistory(sql);
        const isOther = head.epoch !== replica.epoch || head.seq < replica.seq;
        const entries = isOther ? undefined : await readEntries(sql, replica.seq, PAGE);
        return { head, entries };
      }, PAGE_PATIENCE_MS);
      this.#headSeq = next.head.seq;
      this.#noticeKey = next.head.noticeKey;
      if (next.entries === undefined) {
        const isAhead = next.head.epoch === replica.epoch && next.head.seq < replica.seq;
        // The same name for another history: all nodes must see that it is another one.
        // oxlint-disable-next-line no-await-in-loop
        if (isAhead) await renewStoreId(database, next.head.storeId, replica.seq);
        // oxlint-disable-next-line no-await-in-loop
        await this.#takeSnapshot();
        continue;
      }
      // oxlint-disable-next-line no-await-in-loop
      if (next.entries.length > 0) await this.#apply(replica, next.entries);
      if (next.entries.length < PAGE) {
        this.#atHeadMs = this.#parts.monotonicMs();
        return;
      }
    }
  }

  /** @returns whether all that was heard of has been applied, and there was something */
  async #takeNotices(replica: Replica): Promise<boolean> {
    if (this.#mustRead) return false;
    const notices = this.#notices.splice(0);
    const { epoch, seq } = replica.index;
    const isNext = ({ entry }: Notice, at: number) => entry.seq === seq + 1 + at;
    const isWhole = notices.every((one, at) => one.epoch === epoch && isNext(one, at));
    if (notices.length === 0 || !isWhole) return false;
    await this.#apply(
      replica,
      notices.map(({ entry }) => entry),
    );
    this.#headSeq = replica.index.seq;
    this.#atHeadMs = this.#parts.monotonicMs();
    return true;
  }

  async #apply(replica: Replica, entries: readonly JournalEntry[]): Promise<void> {
    for (const { importId } of entries) {
      // oxlint-disable-next-line no-await-in-loop -- one import after the other
      if (importId !== undefined) await this.#stage(replica, importId);
    }
    await replica.apply(entries);
    for (const { onChanges } of this.#listeners) onChanges(entries);
    this.#wake();
  }

  async #stage(replica: Replica, importId: number): Promise<void> {
    const { database } = this.#parts;
    for (;;) {
      const after = replica.stagedUpTo(importId);
      // oxlint-disable-next-line no-await-in-loop -- page after page
      const { rules, isLast } = await database.read((sql) => readImported(sql, importId, after));
      // oxlint-disable-next-line no-await-in-loop
      await replica.stage(importId, rules);
      if (isLast) return;
      if (this.#isStopped) throw new AppError("unavailable", "the server is stopping");
    }
  }

  /** Builds another replica while the one in use goes on, then puts it in its place. */
  async #takeSnapshot(): Promise<void> {
    const { database, node } = this.#parts;
    const fresh = await database.readAtOnce(async (sql) => {
      const { epoch, seq } = await readHistory(sql);
      return node.buildReplica({ epoch, seq, rules: this.#untilStopped(readRules(sql)) });
    });
    const former = this.#replica;
    this.#replica = fresh;
    this.#headSeq = fresh.seq;
    for (const { onReset } of this.#listeners) onReset();
    this.#wake();
    former?.close();
    node.removeOthers(fresh);
  }

  async *#untilStopped<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const page of pages) {
      if (this.#isStopped) throw new AppError("unavailable", "the server is stopping");
      yield page;
    }
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
  }
}
