/** The verification keys in force at one moment, and which of them may verify a given token. */
import type { Detail } from "../token/reason.ts";
import { identityOf, type VerificationKey } from "./verification-key.ts";

/** What a token says about the key it wants. Nothing of it is verified yet. */
export interface KeyWish {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly issuer: string | undefined;
}

/** A hostile or careless set could repeat a kid; a token costs at most this many signature checks. */
const MAX_CANDIDATES = 4;
const NONE: readonly VerificationKey[] = [];

/** Immutable; a change of keys is a new ring. */
export class KeyRing {
  readonly keys: readonly VerificationKey[];
  readonly #byKid = new Map<string, VerificationKey[]>();

  constructor(keys: readonly VerificationKey[]) {
    // The same key from two sources is one: else a token without `kid` would find several.
    const first = new Map<string, VerificationKey>();
    for (const key of keys) if (!first.has(identityOf(key))) first.set(identityOf(key), key);
    this.keys = [...first.values()];
    for (const key of this.keys) {
      if (key.kid === undefined) continue;
      const same = this.#byKid.get(key.kid);
      if (same === undefined) this.#byKid.set(key.kid, [key]);
      else same.push(key);
    }
  }

  /**
   * The keys that may verify a token: by `kid` where it names one, else the one key that fits its
   * algorithm and issuer. Never a default: several that fit a token without `kid` are none.
   *
   * @returns the keys to try, in order, or why there are none: `unknown_key`, or `algorithm` where the
   *   named key exists and is bound to another algorithm.
   */
  candidates(
    wish: KeyWish,
  ): readonly VerificationKey[] | Extract<Detail, "unknown_key" | "algorithm"> {
    const named = wish.kid === undefined ? this.keys : (this.#byKid.get(wish.kid) ?? NONE);
    const ofIssuer = named.filter((key) => key.issuer === undefined || key.issuer === wish.issuer);
    if (ofIssuer.length === 0) return "unknown_key";
    const fitting = ofIssuer.filter((key) => key.algorithms.has(wish.alg));
    if (wish.kid === undefined) return fitting.length === 1 ? fitting : "unknown_key";
    return fitting.length === 0 ? "algorithm" : fitting.slice(0, MAX_CANDIDATES);
  }
}
