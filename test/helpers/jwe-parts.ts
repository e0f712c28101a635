/** Encryption by hand, for JWEs that no library would make (RFC 7516 §5.1, RFC 7518 §5). */
import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import { encode, type Part, toPartBytes } from "./mint.ts";

/** What may be done differently from the RFC. */
export interface JweOptions {
  /** The JWE's second part; empty for `dir`. */
  readonly encryptedKey?: Buffer;
  readonly iv?: Buffer;
}

/** Encrypts with a content key under `enc`, whatever the header says. */
export function encryptByHand(
  contentKey: Buffer,
  enc: string,
  header: Part,
  plaintext: Part,
  options: JweOptions = {},
): string {
  const protectedHeader = encode(header);
  const aad = Buffer.from(protectedHeader);
  const text = toPartBytes(plaintext);
  const sealed = enc.includes("CBC")
    ? sealCbc(contentKey, aad, text, options.iv ?? randomBytes(16))
    : sealGcm(contentKey, aad, text, options.iv ?? randomBytes(12));
  const parts = [options.encryptedKey ?? Buffer.alloc(0), sealed.iv, sealed.text, sealed.tag];
  return [protectedHeader, ...parts.map((part) => part.toString("base64url"))].join(".");
}

interface Sealed {
  readonly iv: Buffer;
  readonly text: Buffer;
  readonly tag: Buffer;
}

function sealGcm(key: Buffer, aad: Buffer, plaintext: Buffer, iv: Buffer): Sealed {
  const bits = (key.length * 8) as 128 | 192 | 256;
  const cipher = createCipheriv(`aes-${bits}-gcm`, key, iv).setAAD(aad);
  const text = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { iv, text, tag: cipher.getAuthTag() };
}

/** AES-CBC with an HMAC over additional data, iv, text and the former's length in bits (RFC 7518 §5.2.2.1). */
function sealCbc(key: Buffer, aad: Buffer, plaintext: Buffer, iv: Buffer): Sealed {
  const half = key.length / 2;
  const cipher = createCipheriv(`aes-${half * 8}-cbc`, key.subarray(half), iv);
  const text = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(aad.length * 8));
  const mac = createHmac(`sha${half * 16}`, key.subarray(0, half));
  const tag = mac
    .update(Buffer.concat([aad, iv, text, length]))
    .digest()
    .subarray(0, half);
  return { iv, text, tag };
}
