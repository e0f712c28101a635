/** Encryption that is whole by its RFC and must not be opened: RSA1_5, PBES2, compressed text. */
import { constants, publicEncrypt, randomBytes } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { CompactEncrypt } from "jose";
import type { DecryptionKey } from "./decryption-keys.ts";
import { encryptByHand } from "./jwe-parts.ts";
import { type Part, toPartBytes } from "./mint.ts";

/** A compact JWE whose content key is encrypted by RSAES-PKCS1-v1_5 (RFC 7518 §4.2), under A256GCM. */
export function encryptRsa15(to: DecryptionKey, payload: Part, header: object = {}): string {
  if (to.encryptionKey instanceof Uint8Array) throw new TypeError("not an RSA key");
  const contentKey = randomBytes(32);
  const padding = constants.RSA_PKCS1_PADDING;
  const encryptedKey = publicEncrypt({ key: to.encryptionKey, padding }, contentKey);
  const protectedHeader = { alg: "RSA1_5", enc: "A256GCM", kid: to.kid, ...header };
  return encryptByHand(contentKey, "A256GCM", protectedHeader, payload, { encryptedKey });
}

/** A compact JWE to a password (RFC 7518 §4.8), which are the bytes of a secret key, under A256GCM. */
export function encryptPbes2(
  password: DecryptionKey,
  alg: string,
  p2c: number,
  payload: Part,
): Promise<string> {
  return new CompactEncrypt(new Uint8Array(toPartBytes(payload)))
    .setProtectedHeader({ alg, enc: "A256GCM", kid: password.kid })
    .setKeyManagementParameters({ p2c })
    .encrypt(password.encryptionKey);
}

/**
 * A JSON text and as many spaces behind it as DEFLATE (RFC 1951) gets into `maxBytes`: about a thousand times as much,
 * for it writes down 258 bytes in two bits at the best.
 */
export function deflateWithSpaces(text: string, maxBytes: number): Buffer {
  const most = maxBytes * 1032;
  for (let spaces = most; spaces > 0; spaces -= Math.ceil(most / 500)) {
    const packed = deflateRawSync(text + " ".repeat(spaces), { level: 9 });
    if (packed.length <= maxBytes) return packed;
  }
  throw new RangeError("the text alone does not fit");
}
