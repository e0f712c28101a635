/** Bounds how often a password or a one-time secret can be tried. */
import { createHash } from "node:crypto";
import type { AccountStore } from "../../core/revocation/accounts.ts";

const WINDOW_SECONDS = 60;
const MAX_ATTEMPTS = 10;

export interface Throttle {
  /**
   * Counts an attempt for each name and tells whether it may be made: at most ten a minute for each.
   * Counted in the store, so that a restart forgets nothing.
   */
  mayTry(names: readonly string[]): Promise<boolean>;
  /** Forgets the attempts after one that succeeded. */
  succeeded(names: readonly string[]): Promise<void>;
}

export function createThrottle(accounts: AccountStore): Throttle {
  return {
    async mayTry(names) {
      const counts = await Promise.all(
        names.map((name) => accounts.countAttempt(toKey(name), WINDOW_SECONDS)),
      );
      return counts.every((count) => count <= MAX_ATTEMPTS);
    },
    async succeeded(names) {
      await Promise.all(names.map((name) => accounts.forgetAttempts(toKey(name))));
    },
  };
}

/** A hash: of fixed length whatever was typed, which may have been a password in the wrong field. */
function toKey(name: string): string {
  return createHash("sha256").update(name).digest("base64url");
}
