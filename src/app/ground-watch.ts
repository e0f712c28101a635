/**
 * Tells the journal when a key, a decryption key or a rule of the policy went away: a verdict that was
 * reached with it no longer holds, also one from before a restart.
 */
import type { AccountStore } from "../core/revocation/accounts.ts";
import type { RuleStore } from "../core/revocation/store.ts";

const SETTING = "judging_grounds";

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
