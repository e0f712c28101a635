/** Bounds how often a password or a one-time secret can be tried. */
import { createHash } from "node:crypto";
import type { AccountStore } from "../../core/revocation/accounts.ts";

const WINDOW_SECONDS = 60;
const MAX_ATTEMPTS = 10;

/** Whence something is tried, and on whose account where it is on one. */
export interface Attempt {
  readonly address: string;
  readonly person?: string;
}

export interface Throttle {
  /**
   * Counts an attempt and tells whether it may be made: at most ten a minute from an address, and at
   * most ten at a person. Counted in the store, so that a restart forgets nothing.
   */
  mayTry(attempt: Attempt): Promise<boolean>;
  /**
   * An attempt that succeeded: the person's count begins anew, the address has made one less. The
   * others from there stay counted, or one's own account would pay for guesses at everybody else's.
   */
  succeeded(attempt: Attempt): Promise<void>;
}

export function createThrottle(accounts: AccountStore): Throttle {
  const isAmongFirst = async (key: string): Promise<boolean> =>
    (await accounts.countAttempt(key, WINDOW_SECONDS)) <= MAX_ATTEMPTS;
  return {
    async mayTry({ address, person }) {
      // An address beyond its bound is not listened to: it must not keep a person out by going on.
      if (!(await isAmongFirst(ofAddress(address)))) return false;
      return person === undefined || isAmongFirst(ofPerson(person));
    },
    async succeeded({ address, person }) {
      await accounts.takeBackAttempt(ofAddress(address));
      if (person !== undefined) await accounts.forgetAttempts(ofPerson(person));
    },
  };
}

function ofAddress(address: string): string {
  return toKey(`address ${address}`);
}

function ofPerson(name: string): string {
  return toKey(`person ${name}`);
}

/** A hash: of fixed length whatever was typed, which may have been a password in the wrong field. */
function toKey(name: string): string {
  return createHash("sha256").update(name).digest("base64url");
}
