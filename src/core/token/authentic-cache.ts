/**
 * Remembers tokens whose signature held (or whose decryption was authentic), so that asking again
 * costs no cryptography. Only that step is remembered: claims, times and rules are judged each time.
 */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { AuthenticToken } from "./verdict.ts";

export interface Authenticated {
  readonly token: AuthenticToken;
  /** The `typ` of the header that counts, the inner one's of a nested token. */
  readonly typ: string | undefined;
}

/** What it was authenticated with; another object is another set of keys. */
export interface Ground {
  readonly ring: object;
  readonly decryptionKeys: object;
  readonly policies: object;
}

interface Entry extends Authenticated {
  readonly ground: Ground;
}

/** Bounds in characters of tokens, which is what an entry mostly weighs. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

export class AuthenticCache {
  readonly #entries: LRUCache<string, Entry>;

  /** @param max most tokens remembered */
  constructor(max: number) {
    this.#entries = new LRUCache({
      max,
      maxSize: MAX_CHARACTERS,
      // The claims are kept as text and as parsed: about three times their length.
      sizeCalculation: ({ token }) => 500 + 3 * token.claimsText.length,
    });
  }

  /** The key of a token: its SHA-256, because outsiders choose the bytes. */
  static keyOf(token: string): string {
    return hash("sha256", token, "base64");
  }

  get(key: string, ground: Ground): Authenticated | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || isSame(entry.ground, ground)) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, authenticated: Authenticated, ground: Ground): void {
    this.#entries.set(key, { ...authenticated, ground });
  }
}

function isSame(a: Ground, b: Ground): boolean {
  return a.ring === b.ring && a.decryptionKeys === b.decryptionKeys && a.policies === b.policies;
}
