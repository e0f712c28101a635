/** Keeps the key ring up to date from all sources: on an interval, on demand, and never from a stale set. */
import { KeyRing } from "../core/jwks/key-ring.ts";
import { nextDelayMs, type SyncTimes } from "../core/jwks/refresh-schedule.ts";
import {
  KeySource,
  type KeySourceOptions,
  type KeySourceSpec,
  type KeySourceState,
} from "./key-source.ts";
import { SetAge } from "./set-age.ts";

export interface KeySyncerOptions extends KeySourceOptions {
  readonly sources: readonly KeySourceSpec[];
  readonly times: () => SyncTimes;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** Told after each attempt, with the source's new state and whether its keys changed. */
  readonly onSync: (state: KeySourceState, isChanged: boolean) => void;
  /** Told at the moment at which a source's keys count no longer, because it could not be read for too long. */
  readonly onTooOld: (state: KeySourceState) => void;
}

/** A key set as its source wrote it. */
export interface KeySetText {
  readonly source: string;
  readonly issuer: string | undefined;
  readonly text: string;
  /** Unix seconds. */
  readonly fetchedAtSeconds: number;
  /** Now, by the clock that is further on. */
  readonly ageSeconds: number;
}

/** A token may name an unknown key at most this often per source; random kids must not flood the issuer. */
const UNKNOWN_KEY_PAUSE_MS = 30_000;

interface Scheduled {
  readonly source: KeySource;
  readonly age: SetAge;
  timer: ReturnType<typeof setTimeout> | undefined;
  nextAtMs: number;
  lastOnDemandMs: number;
}

export class KeySyncer {
  readonly #options: KeySyncerOptions;
  readonly #scheduled: readonly Scheduled[];
  readonly #monotonicMs: () => number;
  #ring = new KeyRing([]);
  #ringFrom: readonly unknown[] = [];
  #onDemand: Promise<unknown> | undefined;
  #isStopped = false;

  constructor(options: KeySyncerOptions, monotonicMs: () => number = () => performance.now()) {
    this.#options = options;
    this.#monotonicMs = monotonicMs;
    this.#scheduled = options.sources.map((spec) => {
      const source = new KeySource(spec, options);
      return {
        source,
        age: new SetAge({
          nowSeconds: options.nowSeconds,
          monotonicMs,
          maxAgeSeconds: () => options.times().maxAgeSeconds,
          onTooOld: () => options.onTooOld(source.state),
        }),
        timer: undefined,
        nextAtMs: 0,
        lastOnDemandMs: Number.NEGATIVE_INFINITY,
      };
    });
  }

  /**
   * The ring in force now. A source whose last good set is older than the maximum age gives no keys,
   * from the moment it is too old, whether or not anything was read since.
   */
  ring(): KeyRing {
    const sets = this.#scheduled.map(({ source, age }) =>
      age.isTooOld() ? undefined : source.state.set,
    );
    if (
      sets.some((set, index) => set !== this.#ringFrom[index]) ||
      sets.length !== this.#ringFrom.length
    ) {
      this.#ring = new KeyRing(sets.flatMap((set) => set?.keys ?? []));
      this.#ringFrom = sets;
    }
    return this.#ring;
  }

  /** Each source's state and when it is read next, in milliseconds from now. */
  states(): readonly (KeySourceState & { readonly nextInMs: number })[] {
    const now = this.#monotonicMs();
    return this.#scheduled.map(({ source, nextAtMs }) => ({
      ...source.state,
      nextInMs: Math.max(0, nextAtMs - now),
    }));
  }

  /** The texts of the sets in use, for another thread to read; they may hold secrets. */
  texts(): readonly KeySetText[] {
    return this.#scheduled.flatMap(({ source, age }) => {
      const { text, state, spec } = source;
      const { name, fetchedAtSeconds } = state;
      if (text === undefined || fetchedAtSeconds === undefined) return [];
      const ageSeconds = age.seconds();
      return [{ source: name, issuer: spec.issuer, text, fetchedAtSeconds, ageSeconds }];
    });
  }

  /** Takes up the sets of the former run, reads the files, and begins with the rest without waiting for it. */
  async start(): Promise<void> {
    await Promise.all(this.#scheduled.map(({ source }) => source.restore()));
    for (const { source, age } of this.#scheduled) {
      const { fetchedAtSeconds } = source.state;
      if (fetchedAtSeconds !== undefined) age.note(fetchedAtSeconds);
    }
    const first = this.#scheduled.map(async (one) => this.#refresh(one));
    const files = first.filter((_, index) => this.#scheduled[index]?.source.spec.kind === "file");
    await Promise.all(files);
  }

  /** Reads every source now. */
  async syncNow(): Promise<void> {
    await Promise.all(this.#scheduled.map(async (one) => this.#refresh(one)));
  }

  /**
   * Reads the sources again because a token named a key that is not there: each at most once in 30 s,
   * joining a reading that is under way, and no longer than the time given.
   *
   * @returns whether the ring is another one now.
   */
  async refreshForUnknownKey(waitMs: number): Promise<boolean> {
    const before = this.ring();
    const now = this.#monotonicMs();
    const due = this.#scheduled.filter((one) => now - one.lastOnDemandMs >= UNKNOWN_KEY_PAUSE_MS);
    if (due.length > 0) {
      for (const one of due) one.lastOnDemandMs = now;
      const flight = Promise.all(due.map(async (one) => this.#refresh(one)));
      this.#onDemand = flight;
      void flight.finally(() => {
        if (this.#onDemand === flight) this.#onDemand = undefined;
      });
    }
    if (this.#onDemand === undefined) return false;
    const waited = Promise.withResolvers<void>();
    const timer = setTimeout(waited.resolve, waitMs);
    await Promise.race([this.#onDemand, waited.promise]);
    clearTimeout(timer);
    return this.ring() !== before;
  }

  stop(): void {
    this.#isStopped = true;
    for (const { age, timer } of this.#scheduled) {
      age.stop();
      clearTimeout(timer);
    }
  }

  async #refresh(one: Scheduled): Promise<void> {
    const isChanged = await one.source.refresh();
    const { state } = one.source;
    const { failures, fetchedAtSeconds } = state;
    if (failures === 0 && fetchedAtSeconds !== undefined) one.age.note(fetchedAtSeconds);
    this.#options.onSync(state, isChanged);
    if (this.#isStopped) return;
    const delayMs = nextDelayMs(state, this.#options.times(), this.#options.random());
    one.nextAtMs = this.#monotonicMs() + delayMs;
    clearTimeout(one.timer);
    one.timer = setTimeout(() => void this.#refresh(one), delayMs);
  }
}
