/** Hashes and checks passwords, off the thread that judges and only a few at a time. */
import { AppError } from "../../core/app-error.ts";
import { createTurns } from "./turns.ts";

/**
 * Argon2id with 64 MiB and two passes: more than OWASP's least (46 MiB, one pass), about 150 ms on a
 * server's core. Bun computes it on another thread, so that no judgement waits.
 */
export const ARGON2 = { algorithm: "argon2id", memoryCost: 65_536, timeCost: 2 } as const;

/** Hashing at once, each with its own 64 MiB, and waiting: a flood of logins must not take the machine. */
const LIMITS = { atOnce: 2, maxWaiting: 32 } as const;

export interface Passwords {
  /** @throws AppError unavailable when too many are waiting */
  hash(password: string): Promise<string>;
  /**
   * Tells whether the password is the one; with no hash to compare with, false after the same work.
   *
   * @throws AppError unavailable when too many are waiting
   */
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

/** What hashing costs; tests take less of it. */
export interface PasswordCost {
  readonly algorithm: "argon2id";
  /** KiB. */
  readonly memoryCost: number;
  readonly timeCost: number;
}

export function createPasswords(cost: PasswordCost = ARGON2): Passwords {
  const takeTurn = createTurns(LIMITS);
  const turn = async <T>(work: () => Promise<T>): Promise<T> => takeTurn(work) ?? tooMany();
  let decoy: Promise<string> | undefined;
  const hash = (password: string) => turn(() => Bun.password.hash(password.normalize("NFC"), cost));
  return {
    hash,
    async verify(password, known) {
      // Made before it is known whether it is needed: the first unknown name must not take longer.
      decoy ??= hash(crypto.randomUUID());
      const compared = known ?? (await decoy);
      const isSame = await turn(() => Bun.password.verify(password.normalize("NFC"), compared));
      return isSame && known !== undefined;
    },
  };
}

function tooMany(): never {
  throw new AppError("unavailable", "Too many people are logging in right now; try again soon");
}
