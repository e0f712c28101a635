/** Tells whether a request shows the verifier key. */
import { createHash, timingSafeEqual } from "node:crypto";

export type IsVerifier = (authorization: string | null) => boolean;

/**
 * Makes the check of `Authorization: Bearer <key>` against the keys in force (two while rotating).
 * Digests are compared, so that neither length nor content shows in the time.
 */
export function createIsVerifier(keys: readonly string[]): IsVerifier {
  const digests = keys.map(digest);
  // HAProxy shows the same few lines over and over: the digest of each is worked out once.
  let known: { readonly line: string; readonly isVerifier: boolean } | undefined;
  return (authorization) => {
    if (authorization === null || digests.length === 0) return false;
    if (known?.isVerifier === true && isSame(known.line, authorization)) return true;
    const match = /^bearer +([\x21-\x7e]+)$/i.exec(authorization);
    if (match?.[1] === undefined) return false;
    const shown = digest(match[1]);
    const isVerifier = digests.some((one) => timingSafeEqual(one, shown));
    if (isVerifier) known = { line: authorization, isVerifier };
    return isVerifier;
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function isSame(a: string, b: string): boolean {
  // A character a byte, as it came: as UTF-8 texts of one length can differ in theirs, and comparing throws.
  return a.length === b.length && timingSafeEqual(toBytes(a), toBytes(b));
}

function toBytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
