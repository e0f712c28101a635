/**
 * Keeps the rules here what the seed's sorted sets say, while both systems run. The sets are the truth:
 * what is told of them is only a reason to read, and only a set's own reading lifts a rule.
 */
import { AppError } from "../../core/app-error.ts";
import { compareSet, type MemberProblem, readSeedSet } from "../../core/revocation/seed-mirror.ts";
import { parseSeedName, toSeedName } from "../../core/revocation/seed-rule.ts";
import type { SeedSource } from "../../core/revocation/seed-source.ts";
import type { NewRule } from "../../core/revocation/store.ts";
import { type Comparison, compareAll, readingOf } from "./comparison.ts";
import type { OurRules } from "./our-rules.ts";
import type { SeedEvent } from "./seed-event.ts";

export interface FollowOptions {
  /** Seconds between two readings of everything; undefined: by whether changes are told of. */
  readonly everySeconds: number | undefined;
  /** Go on although members are refused. */
  readonly isLenient: boolean;
  /** Lift what a Redis that was not read before does not have. */
  readonly mayBeEmpty: boolean;
  readonly nowMs: () => number;
  readonly report: (event: SeedEvent) => void;
}

/** With hints a reading of everything only looks for what they have missed. */
const LISTENING_SECONDS = 60;
const POLLING_SECONDS = 5;
const RETRY_MS = 1000;
/** More than these are written in one step, which makes every HAProxy thread forget all it knows. */
const FEW = 50;

/**
 * Mirrors until told to stop.
 *
 * @throws AppError when it cannot even begin: a side is away, a member is refused, the Redis is another
 *   one than before
 */
export async function followSeed(
  source: SeedSource,
  ours: OurRules,
  options: FollowOptions,
  stop: AbortSignal,
): Promise<void> {
  await new Follower(source, ours, options, stop).run();
}

class Follower {
  readonly #source: SeedSource;
  readonly #ours: OurRules;
  readonly #options: FollowOptions;
  readonly #stop: AbortSignal;
  readonly #dirty = new Set<string>();
  /** What was refused of each set, so that it is said once. */
  readonly #refused = new Map<string, string>();
  #isAnyDirty = true;
  #wake = Promise.withResolvers<void>();
  #servers: string | undefined;
  #isHolding = false;
  #silence: string | undefined;
  #everySeconds = 0;

  constructor(source: SeedSource, ours: OurRules, options: FollowOptions, stop: AbortSignal) {
    this.#source = source;
    this.#ours = ours;
    this.#options = options;
    this.#stop = stop;
    stop.addEventListener("abort", () => this.#wake.resolve());
  }

  async run(): Promise<void> {
    const { report } = this.#options;
    await this.#source.watch({
      onSet: (name) => {
        this.#dirty.add(name);
        this.#wake.resolve();
      },
      onAny: () => {
        this.#isAnyDirty = true;
        this.#wake.resolve();
      },
    });
    await this.#readAll(true);
    let isAway = false;
    while (!this.#stop.aborted) {
      try {
        await (isAway ? this.#pause(RETRY_MS) : this.#waitForWork());
        if (this.#stop.aborted) return;
        if (this.#isAnyDirty) await this.#readAll(false);
        else await this.#readDirty();
        if (isAway) report({ event: "back" });
        isAway = false;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        this.#isAnyDirty = true;
        if (!isAway) report({ event: "away", why: error.message });
        isAway = true;
      }
    }
  }

  async #waitForWork(): Promise<void> {
    if (!this.#isAnyDirty && this.#dirty.size === 0) await this.#pause(this.#everySeconds * 1000);
    // Nothing was told: time to look whether there was nothing to tell.
    if (this.#dirty.size === 0) this.#isAnyDirty = true;
  }

  /** Until something is told, or the time is over. */
  async #pause(ms: number): Promise<void> {
    const timer = setTimeout(() => this.#wake.resolve(), ms);
    await this.#wake.promise;
    clearTimeout(timer);
    this.#wake = Promise.withResolvers();
  }

  async #readAll(isFirst: boolean): Promise<void> {
    // Before the reading: what is told from here on may be newer than what is read.
    this.#isAnyDirty = false;
    this.#dirty.clear();
    await this.#learnWhetherTold();
    const servers = await this.#source.servers();
    const reading = readingOf(this.#source, this.#nowSeconds());
    const found = await compareAll(this.#source, this.#ours, reading);
    this.#tellProblems(found.problems);
    if (isFirst && found.problems.length > 0 && !this.#options.isLenient) {
      const count = found.problems.length;
      throw new AppError(
        "invalid",
        `${count} ${count === 1 ? "member is" : "members are"} refused; nothing was imported. --continue follows the others.`,
      );
    }
    await this.#addMissing(found.missing);
    const isHeld = this.#isSuspicious(servers, found);
    if (isHeld && isFirst) throw emptyRedis(this.#source.name, found.suspectRules);
    if (isHeld && !this.#isHolding)
      this.#options.report({ event: "held", rules: found.suspectRules });
    this.#isHolding = isHeld;
    let lifted = 0;
    if (!isHeld) {
      this.#servers = servers;
      for (const set of found.suspects) lifted += await this.#readSet(set);
    }
    if (isFirst || found.missing.length > 0 || lifted > 0) {
      this.#options.report({
        event: "read",
        sets: found.sets,
        present: found.present,
        added: found.missing.length,
        lifted,
        expired: found.expired,
        refused: found.problems.length,
      });
    }
  }

  async #readDirty(): Promise<void> {
    for (const name of this.#dirty) {
      if (this.#stop.aborted) return;
      // First: what is told while it is read may be newer than the reading.
      this.#dirty.delete(name);
      await this.#readSet(name);
    }
  }

  /** Brings one set's rules up to date. @returns how many were lifted */
  async #readSet(name: string): Promise<number> {
    const reading = readingOf(this.#source, this.#nowSeconds());
    let read;
    try {
      read = readSeedSet(await this.#source.readSet(name), reading);
    } catch (error) {
      if (!isInvalid(error)) throw error;
      this.#tellProblems([{ set: name, place: undefined, problem: error }]);
      return 0;
    }
    if (read.problems.length > 0) this.#tellProblems(read.problems);
    else this.#refused.delete(name);
    const here = await this.#ours.inForce(reading.reason, parseSeedName(name));
    const ids = new Map([...here].map(([content, of]) => [content, of.ids]));
    const { missing, gone } = compareSet(read.wanted, ids);
    // First what refuses more: a rule whose end was moved is never without force.
    for (const rule of missing) await this.#add(name, rule);
    if (this.#isHolding) return 0;
    for (const id of gone) {
      await this.#ours.lift(id, `gone from Redis ${this.#source.name}`);
      this.#options.report({ event: "lifted", set: name, id });
    }
    return gone.length;
  }

  async #addMissing(missing: readonly NewRule[]): Promise<void> {
    if (missing.length > FEW) {
      try {
        return await this.#ours.addAll(missing, `Redis ${this.#source.name}`);
      } catch (error) {
        if (!isInvalid(error)) throw error;
        // One of them is: the others are not to wait for it.
      }
    }
    for (const rule of missing) await this.#add(toSeedName(rule.scope), rule);
  }

  async #add(set: string, rule: NewRule): Promise<void> {
    try {
      const id = await this.#ours.add(rule);
      this.#options.report({ event: "added", set, id });
    } catch (error) {
      // Its time may have ended on the way.
      if (!isInvalid(error)) throw error;
      this.#tellProblems([{ set, place: undefined, problem: error }]);
    }
  }

  /** Whether rules seem to be gone because their Redis has lost them, and not because they were removed. */
  #isSuspicious(servers: string, { present, suspectRules }: Comparison): boolean {
    if (this.#options.mayBeEmpty || servers === this.#servers) return false;
    return suspectRules > 0 && present === 0;
  }

  async #learnWhetherTold(): Promise<void> {
    const why = await this.#source.silence();
    const everySeconds =
      this.#options.everySeconds ?? (why === undefined ? LISTENING_SECONDS : POLLING_SECONDS);
    const isNews = this.#everySeconds === 0 || why !== this.#silence;
    this.#silence = why;
    this.#everySeconds = everySeconds;
    if (!isNews) return;
    this.#options.report(
      why === undefined
        ? { event: "listening", everySeconds }
        : { event: "polling", why, everySeconds },
    );
  }

  #tellProblems(problems: readonly MemberProblem[]): void {
    const bySet = Map.groupBy(problems, ({ set }) => set);
    for (const [set, ofSet] of bySet) {
      const text = JSON.stringify(ofSet.map(({ place, problem }) => [place, problem.message]));
      if (this.#refused.get(set) === text) continue;
      this.#refused.set(set, text);
      for (const problem of ofSet) this.#options.report({ event: "refused", ...problem });
    }
  }

  #nowSeconds(): number {
    return Math.floor(this.#options.nowMs() / 1000);
  }
}

function isInvalid(error: unknown): error is AppError {
  return error instanceof AppError && error.code === "invalid";
}

function emptyRedis(name: string, rules: number): AppError {
  return new AppError(
    "conflict",
    `Redis ${name} has none of the ${rules} rules that came from it: nothing was lifted. If they are meant to be gone, --allow-empty lifts them.`,
  );
}
