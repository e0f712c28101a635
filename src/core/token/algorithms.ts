/**
 * The algorithms this program knows, as one declared table. What is not in it does not exist: `none`,
 * RSA1_5 and PBES2 have no row.
 */

/** The shape of key an algorithm needs. */
export type KeyShape =
  | { readonly kty: "oct"; readonly minBytes: number }
  | { readonly kty: "RSA" }
  | { readonly kty: "EC"; readonly crv: "P-256" | "P-384" | "P-521" }
  | { readonly kty: "OKP"; readonly crv: "Ed25519" };

export interface JwsAlgorithm {
  readonly name: string;
  readonly key: KeyShape;
  /** The hash's name for node:crypto; undefined where the algorithm brings its own. */
  readonly hash: "sha256" | "sha384" | "sha512" | undefined;
  /** Bytes of a signature where the algorithm fixes them (RFC 7518 §3.2, §3.4, RFC 8037 §3.1). */
  readonly signatureBytes: number | undefined;
  readonly scheme: "hmac" | "pkcs1" | "pss" | "ecdsa" | "eddsa";
  /** Whether a key that names no algorithm serves this one (one family a key; PS only where a key says so). */
  readonly byDefault: boolean;
  /** Where HAProxy's Lua verifies it itself. */
  readonly inLua: boolean;
}

const ED25519: KeyShape = { kty: "OKP", crv: "Ed25519" };

/** RFC 7518 §3.1 and RFC 8037; `Ed25519` is RFC 9864's fully-specified name of the same thing. */
export const JWS_ALGORITHMS: ReadonlyMap<string, JwsAlgorithm> = new Map(
  [
    hmac("HS256", "sha256", 32),
    hmac("HS384", "sha384", 48),
    hmac("HS512", "sha512", 64),
    rsa("RS256", "sha256", "pkcs1"),
    rsa("RS384", "sha384", "pkcs1"),
    rsa("RS512", "sha512", "pkcs1"),
    rsa("PS256", "sha256", "pss"),
    rsa("PS384", "sha384", "pss"),
    rsa("PS512", "sha512", "pss"),
    ecdsa("ES256", "sha256", "P-256", 64),
    ecdsa("ES384", "sha384", "P-384", 96),
    ecdsa("ES512", "sha512", "P-521", 132),
    eddsa("EdDSA"),
    eddsa("Ed25519"),
  ].map((algorithm) => [algorithm.name, algorithm]),
);

function hmac(name: string, hash: JwsAlgorithm["hash"], bytes: number): JwsAlgorithm {
  return {
    name,
    key: { kty: "oct", minBytes: bytes },
    hash,
    signatureBytes: bytes,
    scheme: "hmac",
    byDefault: true,
    inLua: true,
  };
}

function rsa(name: string, hash: JwsAlgorithm["hash"], scheme: "pkcs1" | "pss"): JwsAlgorithm {
  const isPkcs1 = scheme === "pkcs1";
  return {
    name,
    key: { kty: "RSA" },
    hash,
    signatureBytes: undefined,
    scheme,
    byDefault: isPkcs1,
    inLua: isPkcs1,
  };
}

function ecdsa(
  name: string,
  hash: JwsAlgorithm["hash"],
  crv: "P-256" | "P-384" | "P-521",
  signatureBytes: number,
): JwsAlgorithm {
  const key: KeyShape = { kty: "EC", crv };
  return { name, key, hash, signatureBytes, scheme: "ecdsa", byDefault: true, inLua: true };
}

function eddsa(name: string): JwsAlgorithm {
  return {
    name,
    key: ED25519,
    hash: undefined,
    signatureBytes: 64,
    scheme: "eddsa",
    byDefault: true,
    inLua: false,
  };
}

/** How a JWE's content key is found, and whether that alone proves who made the token. */
export interface JweAlgorithm {
  readonly name: string;
  readonly kty: "oct" | "RSA" | "EC/OKP";
  /** Exact size of the symmetric key in bytes; undefined for `dir` (the content encryption's) and public keys. */
  readonly keyBytes: number | undefined;
  /** A shared key proves its holder made the token; a public one proves nothing (a nested JWS must). */
  readonly authentic: boolean;
}

/** RFC 7518 §4.1 less RSA1_5 and PBES2. */
export const JWE_ALGORITHMS: ReadonlyMap<string, JweAlgorithm> = new Map<string, JweAlgorithm>(
  (
    [
      ["dir", "oct", undefined],
      ["A128KW", "oct", 16],
      ["A192KW", "oct", 24],
      ["A256KW", "oct", 32],
      ["A128GCMKW", "oct", 16],
      ["A192GCMKW", "oct", 24],
      ["A256GCMKW", "oct", 32],
      ["RSA-OAEP", "RSA", undefined],
      ["RSA-OAEP-256", "RSA", undefined],
      ["ECDH-ES", "EC/OKP", undefined],
      ["ECDH-ES+A128KW", "EC/OKP", undefined],
      ["ECDH-ES+A192KW", "EC/OKP", undefined],
      ["ECDH-ES+A256KW", "EC/OKP", undefined],
    ] as const
  ).map(([name, kty, keyBytes]) => [name, { name, kty, keyBytes, authentic: kty === "oct" }]),
);

/**
 * Tells whether an algorithm can prove who made a token: a signature's, or that of a JWE whose key is shared. A
 * public key's is not one: the token nested inside has to prove it.
 */
export function isProof(name: string): boolean {
  return JWS_ALGORITHMS.has(name) || JWE_ALGORITHMS.get(name)?.authentic === true;
}

/** RFC 7518 §5.1: content encryption → bytes of its key. */
export const JWE_ENCRYPTIONS: ReadonlyMap<string, number> = new Map([
  ["A128CBC-HS256", 32],
  ["A192CBC-HS384", 48],
  ["A256CBC-HS512", 64],
  ["A128GCM", 16],
  ["A192GCM", 24],
  ["A256GCM", 32],
]);
