/** Reads the keys that decrypt JWE, and finds the one a token asks for. */
import { createPrivateKey, createSecretKey, type KeyObject } from "node:crypto";
import type { JsonObject, JsonValue } from "../json.ts";
import { JWE_ALGORITHMS, JWE_ENCRYPTIONS, type JweAlgorithm } from "../token/algorithms.ts";
import { decodeBase64url } from "../token/base64url.ts";
import { KeySetError, parseKeyList } from "./key-list.ts";

export interface DecryptionKey {
  readonly kid: string | undefined;
  /** The one algorithm it is for; undefined: those of its type and size. `dir` keys may name their `enc`. */
  readonly declaredAlg: string | undefined;
  readonly kty: JweAlgorithm["kty"];
  /** The only `iss` whose tokens it opens, its `issuer` member; undefined: any, as with verification keys. */
  readonly issuer: string | undefined;
  /** Bytes of a symmetric key, 0 for others. */
  readonly bytes: number;
  readonly material: KeyObject;
}

const MIN_RSA_BITS = 2048;
/** RFC 7518 §6.2.1.1, RFC 8037 §3.2. */
const AGREEMENT_CURVES: ReadonlySet<JsonValue> = new Set(["P-256", "P-384", "P-521", "X25519"]);
const DECRYPT_OPERATIONS: ReadonlySet<JsonValue> = new Set([
  "decrypt",
  "unwrapKey",
  "deriveKey",
  "deriveBits",
]);

/**
 * Parses the text of `JWT_DECRYPT_FILE`: one JWK, a list of them, or an RFC 7517 set, with private
 * parts. An `issuer` member, which is ours, binds a key to the tokens of that `iss`.
 *
 * @throws KeySetError naming the first key that cannot serve: an operator's own file is not skipped over.
 */
export function parseDecryptionKeys(text: string): readonly DecryptionKey[] {
  return parseKeyList(text).map((entry, index) => {
    try {
      return importDecryptionKey(entry);
    } catch (error) {
      const why = error instanceof KeySetError ? error.message : "its parameters cannot be read";
      throw new KeySetError(`key ${index + 1}: ${why}`);
    }
  });
}

/** Finds the one key for a JWE header (RFC 7516 §5.2 step 6); undefined where none or several fit. */
export function selectDecryptionKey(
  keys: readonly DecryptionKey[],
  algorithm: JweAlgorithm,
  enc: string,
  kid: string | undefined,
): DecryptionKey | undefined {
  const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid);
  const fitting = named.filter((key) => fits(key, algorithm, enc));
  return fitting.length === 1 ? fitting[0] : undefined;
}

function fits(key: DecryptionKey, algorithm: JweAlgorithm, enc: string): boolean {
  if (key.kty !== algorithm.kty) return false;
  const isDirect = algorithm.name === "dir";
  const { declaredAlg } = key;
  if (declaredAlg !== undefined && declaredAlg !== algorithm.name) {
    if (!isDirect || declaredAlg !== enc) return false;
  }
  if (key.kty !== "oct") return true;
  return key.bytes === (isDirect ? JWE_ENCRYPTIONS.get(enc) : algorithm.keyBytes);
}

function importDecryptionKey(entry: JsonObject): DecryptionKey {
  const use = entry.get("use");
  const operations = entry.get("key_ops");
  if (use !== undefined && use !== "enc") throw new KeySetError("its use is not enc");
  if (operations !== undefined) {
    const isMeant =
      Array.isArray(operations) && operations.some((op) => DECRYPT_OPERATIONS.has(op));
    if (!isMeant) throw new KeySetError("its key_ops do not include decryption");
  }
  const declaredAlg = optionalString(entry, "alg");
  if (
    declaredAlg !== undefined &&
    !JWE_ALGORITHMS.has(declaredAlg) &&
    !JWE_ENCRYPTIONS.has(declaredAlg)
  ) {
    throw new KeySetError("its algorithm is not one for encryption that is supported here");
  }
  const kid = optionalString(entry, "kid");
  const issuer = optionalString(entry, "issuer");
  // Empty, it would look like a key that is bound and open nobody's tokens.
  if (issuer === "") throw new KeySetError("its issuer is empty");
  return { kid: kid === "" ? undefined : kid, declaredAlg, issuer, ...materialOf(entry) };
}

function materialOf(entry: JsonObject): Pick<DecryptionKey, "kty" | "bytes" | "material"> {
  const kty = optionalString(entry, "kty");
  if (kty === "oct") {
    const secret = decodeBase64url(optionalString(entry, "k") ?? "");
    if (secret === undefined || secret.length < 16) {
      throw new KeySetError("its secret is not base64url, or has fewer than 16 bytes");
    }
    return { kty: "oct", bytes: secret.length, material: createSecretKey(secret) };
  }
  const material = createPrivateKey({ format: "jwk", key: stringMembers(entry) });
  if (kty !== "RSA") {
    if (!AGREEMENT_CURVES.has(entry.get("crv") ?? null))
      throw new KeySetError("its curve is not one for key agreement that is supported here");
    return { kty: "EC/OKP", bytes: 0, material };
  }
  const bits = material.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MIN_RSA_BITS) throw new KeySetError(`its modulus has ${bits} bits, fewer than 2048`);
  return { kty: "RSA", bytes: 0, material };
}

function stringMembers(entry: JsonObject): Record<string, string> {
  const members: [string, string][] = [];
  for (const [name, value] of entry) if (typeof value === "string") members.push([name, value]);
  return Object.fromEntries(members);
}

function optionalString(entry: JsonObject, name: string): string | undefined {
  const value = entry.get(name);
  if (value === undefined || typeof value === "string") return value;
  throw new KeySetError(`its ${name} is not a string`);
}
