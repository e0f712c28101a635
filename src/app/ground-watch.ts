/**
 * Tells the journal when a key, a decryption key or a rule of the policy went away: a verdict that was
 * reached with it no longer holds, also one from before a restart.
 */
import type { AccountStore } from "../core/revocation/accounts.ts";
import type { RuleStore } from "../core/revocation/store.ts";
import { describeError, type Log } from "../log.ts";

const SETTING = "judging_grounds";
/** Until it is noted, HAProxy goes by what it remembers: the next reading of the keys may be far off. */
const RETRY_MS = 1000;

export class GroundWatch {
  readonly #rules: Pick<RuleStore, "noteKeysChanged">;
  readonly #settings: Pick<AccountStore, "getSetting" | "setSetting">;
  #known: ReadonlySet<string> = new Set();
  #work: Promise<void> = Promise.resolve();

  constructor(
    rules: Pick<RuleStore, "noteKeysChanged">,
    settings: Pick<AccountStore, "getSetting" | "setSetting">,
  ) {
    this.#rules = rules;
    this.#settings = settings;
  }

  /** Takes up what the former run judged by. */
  async open(): Promise<void> {
    const text = await this.#settings.getSetting(SETTING);
    this.#known = new Set((text ?? "").split(" ").filter((line) => line !== ""));
  }

  /** Compares with what is in force now; one comparison at a time, in order. */
  update(grounds: ReadonlySet<string>): Promise<void> {
    this.#work = this.#work.catch(() => undefined).then(() => this.#update(grounds));
    return this.#work;
  }

  async #update(grounds: ReadonlySet<string>): Promise<void> {
    const gone = [...this.#known].filter((one) => !grounds.has(one));
    const added = [...grounds].filter((one) => !this.#known.has(one));
    if (gone.length === 0 && added.length === 0) return;
    if (gone.length > 0)
      await this.#rules.noteKeysChanged(`${gone.length} keys or policies went away`);
    await this.#settings.setSetting(SETTING, [...grounds].join(" "));
    this.#known = grounds;
  }
}

export interface GroundFollowingParts {
  readonly watch: Pick<GroundWatch, "update">;
  /** Those in force now. */
  readonly grounds: () => ReadonlySet<string>;
  /** Told once a comparison is done and what went away is in the journal. */
  readonly onNoted: () => void;
  readonly log: Pick<Log, "error">;
}

export interface GroundFollowing {
  /** To be called whenever they may have changed. */
  readonly compare: () => void;
  readonly stop: () => void;
}

/** Compares when told to, and where the journal cannot be written again and again until it can. */
export function followGrounds(parts: GroundFollowingParts): GroundFollowing {
  const { watch, grounds, onNoted, log } = parts;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let isFailing = false;
  let isStopped = false;
  const noted = (): void => {
    isFailing = false;
    onNoted();
  };
  const failed = (error: unknown): void => {
    if (isStopped) return;
    if (!isFailing) log.error("a key change was not noted", describeError(error));
    isFailing = true;
    clearTimeout(retry);
    retry = setTimeout(compare, RETRY_MS);
  };
  const compare = (): void => {
    watch.update(grounds()).then(noted, failed);
  };
  return {
    compare,
    stop: () => {
      isStopped = true;
      clearTimeout(retry);
    },
  };
}
