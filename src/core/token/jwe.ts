/** Opens a JWE: the only place that decrypts, with one answer for every way of failing. */
import { compactDecrypt, errors } from "jose";
import { selectDecryptionKey, type DecryptionKey } from "../jwks/decryption-key.ts";
import { JWE_ALGORITHMS, JWE_ENCRYPTIONS } from "./algorithms.ts";
import { decodeUtf8, type CompactJwe } from "./compact.ts";
import { normalizeType } from "./policy.ts";
import type { Detail } from "./reason.ts";

/** What was inside: the claims of a token that a shared key made, or a compact JWS still to be verified. */
export type Opened = (
  | { readonly kind: "claims"; readonly text: string }
  | { readonly kind: "nested"; readonly token: string }
) & {
  /** The only `iss` whose tokens the key opens; undefined: any. */
  readonly issuer: string | undefined;
};

/**
 * Decrypts a JWE in compact form (RFC 7516 §5.2).
 *
 * Anybody can encrypt to a public key, so what RSA-OAEP or ECDH-ES opens must be a nested JWS
 * (RFC 7519 §11.2); a shared key's claims count as authentic. Bad key, bad tag, bad point and bad size
 * are all `decrypt`, after about the same work.
 */
export async function openJwe(
  jwe: CompactJwe,
  keys: readonly DecryptionKey[],
): Promise<Opened | Extract<Detail, "algorithm" | "unknown_key" | "decrypt" | "malformed">> {
  const algorithm = JWE_ALGORITHMS.get(jwe.header.alg);
  if (algorithm === undefined || !JWE_ENCRYPTIONS.has(jwe.enc)) return "algorithm";
  // Compression before encryption leaks, and a token of 8 KB can hold megabytes of it (RFC 8725 §3.6).
  if (jwe.header.members.has("zip")) return "algorithm";
  const key = selectDecryptionKey(keys, algorithm, jwe.enc, jwe.header.kid);
  if (key === undefined) return "unknown_key";
  const plaintext = await decrypt(jwe, key);
  if (plaintext === undefined) return "decrypt";
  const text = decodeUtf8(plaintext);
  if (text === undefined) return "malformed";
  const { cty } = jwe.header;
  const { issuer } = key;
  if (cty !== undefined && normalizeType(cty) === "jwt") {
    return { kind: "nested", token: text, issuer };
  }
  if (algorithm.authentic) return { kind: "claims", text, issuer };
  // Without `cty` it may still be a JWS; if it is not, verifying it fails.
  return { kind: "nested", token: text, issuer };
}

async function decrypt(jwe: CompactJwe, key: DecryptionKey): Promise<Uint8Array | undefined> {
  try {
    const { plaintext } = await compactDecrypt(jwe.compact, key.material, {
      keyManagementAlgorithms: [jwe.header.alg],
      contentEncryptionAlgorithms: [jwe.enc],
    });
    return plaintext;
  } catch (error) {
    if (error instanceof errors.JOSEError || isCryptoFailure(error)) return undefined;
    throw error;
  }
}

/** What jose lets through from below: a size or point that the crypto library refuses. */
function isCryptoFailure(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof DOMException;
}
