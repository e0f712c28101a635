/** A judging thread's copy of keys and policy, as the main thread last told it. */
import { parseDecryptionKeys, type DecryptionKey } from "../../core/jwks/decryption-key.ts";
import { KeyRing } from "../../core/jwks/key-ring.ts";
import { parseKeySet, type KeySet } from "../../core/jwks/key-set.ts";
import type { PolicySet } from "../../core/token/policy.ts";
import type { WorkerGrounds } from "./messages.ts";

/** A key set, and from when on it is too old: by the wall clock, and by the one that cannot be set back. */
interface TimedSet {
  readonly set: KeySet;
  readonly endsAtSeconds: number;
  readonly endsAtMs: number;
}

export class GroundsView {
  readonly version: number;
  readonly epoch: string;
  readonly policies: PolicySet;
  readonly decryptionKeys: readonly DecryptionKey[];
  readonly #sets: readonly TimedSet[];
  #ring = new KeyRing([]);
  #freshCount = -1;

  private constructor(grounds: WorkerGrounds, sets: readonly TimedSet[]) {
    this.version = grounds.version;
    this.epoch = grounds.epoch;
    this.policies = grounds.policies;
    const { decryptionKeysText } = grounds;
    this.decryptionKeys =
      decryptionKeysText === undefined ? [] : parseDecryptionKeys(decryptionKeysText);
    this.#sets = sets;
  }

  /**
   * Reads what was sent; texts that the main thread has read before.
   *
   * @param nowMs of this thread's monotonic clock
   */
  static async read(grounds: WorkerGrounds, nowMs: number): Promise<GroundsView> {
    const { allowShortSecrets, keyMaxAgeSeconds } = grounds;
    const sets = await Promise.all(
      grounds.sets.map(async ({ source, issuer, text, fetchedAtSeconds, ageSeconds }) => ({
        set: await parseKeySet(text, { source, issuer, allowShortSecrets }),
        endsAtSeconds: fetchedAtSeconds + keyMaxAgeSeconds,
        endsAtMs: nowMs + (keyMaxAgeSeconds - ageSeconds) * 1000,
      })),
    );
    return new GroundsView(grounds, sets);
  }

  /** The keys that are not too old at a moment, by either clock. */
  ring(nowSeconds: number, nowMs: number): KeyRing {
    const fresh = this.#sets.filter(
      ({ endsAtSeconds, endsAtMs }) => nowSeconds < endsAtSeconds && nowMs < endsAtMs,
    );
    if (fresh.length !== this.#freshCount) {
      this.#ring = new KeyRing(fresh.flatMap(({ set }) => set.keys));
      this.#freshCount = fresh.length;
    }
    return this.#ring;
  }
}

/** The newest that was sent: to read one takes as long as its keys do, and the next may be read before it. */
export class NewestGrounds {
  #view: GroundsView | undefined;
  #sent = 0;
  #newest = 0;

  get view(): GroundsView | undefined {
    return this.#view;
  }

  /** To be called in the order of sending. Rejects where they cannot be read; the former ones stay. */
  async take(grounds: WorkerGrounds, nowMs: number): Promise<void> {
    this.#sent += 1;
    const sent = this.#sent;
    const view = await GroundsView.read(grounds, nowMs);
    if (sent < this.#newest) return;
    this.#newest = sent;
    this.#view = view;
  }
}
