/** Checks one signature with one key. The key ring has already bound the key to the algorithm. */
import { constants, createHmac, timingSafeEqual, verify, type KeyObject } from "node:crypto";
import { JWS_ALGORITHMS, type JwsAlgorithm } from "./algorithms.ts";

const ASCII = "latin1";

/**
 * Tells whether a JWS signature holds (RFC 7518 §3, RFC 8037 §3.1). A wrong length, an algorithm
 * without a row and whatever the crypto library refuses are simply not a signature.
 *
 * Synchronous on purpose: WebCrypto's hop to another thread costs more than an RSA verification.
 */
export function isSignedBy(
  material: KeyObject,
  algorithmName: string,
  signingInput: string,
  signature: Uint8Array,
): boolean {
  const algorithm = JWS_ALGORITHMS.get(algorithmName);
  if (algorithm === undefined || signature.length === 0) return false;
  const { signatureBytes } = algorithm;
  if (signatureBytes !== undefined && signature.length !== signatureBytes) return false;
  const input = Buffer.from(signingInput, ASCII);
  try {
    return algorithm.scheme === "hmac"
      ? isHmac(algorithm, material, input, signature)
      : verify(algorithm.hash, input, verifyOptions(algorithm, material), signature);
  } catch {
    return false;
  }
}

function isHmac(
  algorithm: JwsAlgorithm,
  material: KeyObject,
  input: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (algorithm.hash === undefined) return false;
  const expected = createHmac(algorithm.hash, material).update(input).digest();
  return expected.length === signature.length && timingSafeEqual(expected, signature);
}

function verifyOptions(algorithm: JwsAlgorithm, key: KeyObject) {
  switch (algorithm.scheme) {
    case "pss":
      return {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        // RFC 7518 §3.5: the salt is as long as the hash, no longer and no shorter.
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      };
    case "ecdsa":
      return { key, dsaEncoding: "ieee-p1363" as const };
    case "pkcs1":
      return { key, padding: constants.RSA_PKCS1_PADDING };
    case "eddsa":
    case "hmac":
      return { key };
  }
}
