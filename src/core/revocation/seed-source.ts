/** What moving in from a seed installation needs of the place where that keeps its rules. */
import type { AppError } from "../app-error.ts";

/** One user's set, or everybody's (`g`), as it was at one moment. */
export interface SeedSet {
  /** What follows `jwt-rules:` in its key. */
  readonly name: string;
  /** By score; none for a set that is not there. */
  readonly members: readonly SeedSetMember[];
}

export interface SeedSetMember {
  /** The rule's JSON; undefined where the bytes are no text. */
  readonly text: string | undefined;
  readonly score: number;
}

/** A key under which there should be rules and are none that can be read. */
export interface UnreadableSet {
  /** As far as it can be shown. */
  readonly name: string;
  readonly problem: AppError;
}

/** Told of what goes on over there. Each is a hint: what counts is what is then read. */
export interface SeedWatcher {
  /** A set may have changed. */
  readonly onSet: (name: string) => void;
  /** Anything may have changed: nobody was listening for a while. */
  readonly onAny: () => void;
}

/** Where a seed installation keeps its rules. Every call rejects with AppError unavailable while it is away. */
export interface SeedSource {
  /** Which one it is, for the history: no secret in it. */
  readonly name: string;
  /**
   * Every set that is there from the beginning to the end of the reading; one that is moved between
   * servers meanwhile may be missing.
   */
  readAll(): AsyncIterable<SeedSet | UnreadableSet>;
  /** @throws AppError invalid where the key holds something else */
  readSet(name: string): Promise<SeedSet>;
  /** Which servers hold the sets: another text after a restart or a failover. */
  servers(): Promise<string>;
  /**
   * Listens, for as long as the source is open.
   * @returns once it does
   */
  watch(watcher: SeedWatcher): Promise<void>;
  /** Why changes are not told of; undefined when they are. */
  silence(): Promise<string | undefined>;
  /** Also safe a second time. */
  close(): void;
}
