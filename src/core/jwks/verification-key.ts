/** A key that may verify signatures: what it is, which algorithms it is bound to, where it came from. */
import type { KeyObject } from "node:crypto";
import { JWS_ALGORITHMS, type JwsAlgorithm, type KeyShape } from "../token/algorithms.ts";

export interface VerificationKey {
  readonly kid: string | undefined;
  /** What the key's format declares; without one the key serves its own family (contract §5). */
  readonly declaredAlg: string | undefined;
  /** Names of the algorithms it may verify. Never empty. */
  readonly algorithms: ReadonlySet<string>;
  /** RFC 7638 SHA-256 thumbprint, base64url. For an HMAC secret it is as confidential as a hash of it. */
  readonly thumbprint: string;
  /** The only `iss` whose tokens it verifies; undefined: any. */
  readonly issuer: string | undefined;
  /** The file, URL or issuer it came from, as configured. */
  readonly source: string;
  readonly kty: KeyShape["kty"];
  readonly material: KeyObject;
}

/** One text for two entries that are the same key under the same conditions, wherever they stand. */
export function identityOf(key: VerificationKey): string {
  const { thumbprint, kid, declaredAlg, issuer, algorithms } = key;
  return JSON.stringify([thumbprint, kid, declaredAlg, issuer, ...algorithms]);
}

/**
 * What is published as a key's `alg`, an entry each: one that is bound to PSS by its type alone must not be
 * read as a plain RSA key, which another verifier would use for RS256.
 */
export function publishedAlgs(key: VerificationKey): readonly (string | undefined)[] {
  const isOfPss = [...key.algorithms].every((name) => JWS_ALGORITHMS.get(name)?.scheme === "pss");
  return key.declaredAlg === undefined && isOfPss ? [...key.algorithms] : [key.declaredAlg];
}

/** What a key can do by its material alone. `bits` counts an RSA modulus or an HMAC secret. */
export interface KeyMaterialFacts {
  readonly kty: KeyShape["kty"];
  readonly crv: string | undefined;
  readonly bits: number;
  /** The only algorithms that the key's own type is for, where it names some (RSASSA-PSS). */
  readonly allowed?: ReadonlySet<string> | undefined;
}

/** Tells whether an algorithm can use a key of this shape at all (RFC 7518 §3.2–3.4, RFC 8037 §3.1). */
export function fitsShape(
  algorithm: JwsAlgorithm,
  facts: KeyMaterialFacts,
  allowShortSecrets: boolean,
): boolean {
  const shape = algorithm.key;
  if (shape.kty !== facts.kty) return false;
  if (shape.kty === "oct") return allowShortSecrets || facts.bits >= shape.minBytes * 8;
  return shape.kty === "RSA" || shape.crv === facts.crv;
}

/** The algorithms a key is bound to: the declared one where it fits, else its type's or its family's. May be empty. */
export function boundAlgorithms(
  facts: KeyMaterialFacts,
  declaredAlg: string | undefined,
  allowShortSecrets: boolean,
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const algorithm of JWS_ALGORITHMS.values()) {
    const { name, byDefault } = algorithm;
    const isMeant =
      declaredAlg === undefined
        ? (facts.allowed?.has(name) ?? byDefault)
        : isSameAlgorithm(declaredAlg, name) && facts.allowed?.has(name) !== false;
    if (isMeant && fitsShape(algorithm, facts, allowShortSecrets)) names.add(name);
  }
  return names;
}

/** `EdDSA` over Ed25519 and `Ed25519` name one algorithm (RFC 9864 §2.2). */
function isSameAlgorithm(a: string, b: string): boolean {
  return a === b || (isEdwards(a) && isEdwards(b));
}

function isEdwards(name: string): boolean {
  return name === "EdDSA" || name === "Ed25519";
}
