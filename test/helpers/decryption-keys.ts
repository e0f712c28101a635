/** Keys that tokens are encrypted to, and the encryption itself (RFC 7516). */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { CompactEncrypt } from "jose";
import { type Part, toPartBytes } from "./mint.ts";

/** Content encryptions and the bytes of their keys (RFC 7518 §5.1). */
export const ENCRYPTIONS = new Map([
  ["A128CBC-HS256", 32],
  ["A192CBC-HS384", 48],
  ["A256CBC-HS512", 64],
  ["A128GCM", 16],
  ["A192GCM", 24],
  ["A256GCM", 32],
]);

/** A key that the appliance decrypts with. */
export interface DecryptionKey {
  readonly kid: string;
  readonly alg: string;
  readonly enc: string;
  /** As it stands in JWT_DECRYPT_FILE: with the secret or private half. */
  readonly jwk: Readonly<Record<string, unknown>>;
  /** What a token's maker encrypts with. */
  readonly encryptionKey: KeyObject | Uint8Array;
}

/** Makes a key for `alg` (RFC 7518 §4.1); `enc` decides the size for `dir`. */
export function createDecryptionKey(alg: string, enc: string, kid?: string): DecryptionKey {
  const id = kid ?? `${alg}-${enc}`.toLowerCase();
  const size = secretBytes(alg, enc);
  if (size !== undefined) {
    const secret = randomBytes(size);
    const jwk = { kty: "oct", kid: id, alg, k: secret.toString("base64url") };
    return { kid: id, alg, enc, jwk, encryptionKey: new Uint8Array(secret) };
  }
  const { privateKey } = alg.startsWith("RSA")
    ? generateKeyPairSync("rsa", { modulusLength: 2048 })
    : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = { ...privateKey.export({ format: "jwk" }), kid: id, alg };
  return { kid: id, alg, enc, jwk, encryptionKey: createPublicKey(privateKey) };
}

/** The same key in a file that names no algorithm: nothing but a token's own says then what it is used for. */
export function withoutAlg(key: DecryptionKey): DecryptionKey {
  const { alg: _alg, ...jwk } = key.jwk;
  return { ...key, jwk };
}

/** A compact JWE of a payload; `header` is added to, and may replace, what the key says. */
export function encrypt(
  key: DecryptionKey,
  payload: Part,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return new CompactEncrypt(new Uint8Array(toPartBytes(payload)))
    .setProtectedHeader({ alg: key.alg, enc: key.enc, kid: key.kid, ...header })
    .encrypt(key.encryptionKey);
}

/** The bytes of a symmetric key for `alg`; undefined for a public-key algorithm. */
function secretBytes(alg: string, enc: string): number | undefined {
  if (alg === "dir") return ENCRYPTIONS.get(enc);
  const bits = /^A(128|192|256)(GCM)?KW$/.exec(alg)?.[1];
  return bits === undefined ? undefined : Number(bits) / 8;
}
