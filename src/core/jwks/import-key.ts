/** Turns one entry of a key set into a key bound to its algorithms, or says why it must not be used. */
import { createPublicKey, createSecretKey, X509Certificate, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, type JWK } from "jose";
import type { JsonObject } from "../json.ts";
import { decodeBase64url } from "../token/base64url.ts";
import { JWS_ALGORITHMS, type KeyShape } from "../token/algorithms.ts";
import { readPssKey, readPssPem } from "./pss-key.ts";
import { hasRocaFingerprint } from "./roca.ts";
import { isSmallOrderPoint } from "./small-order.ts";
import {
  boundAlgorithms,
  type KeyMaterialFacts,
  type VerificationKey,
} from "./verification-key.ts";

/** A key that is left out, and why. */
export class KeyRefusal extends Error {
  override readonly name = "KeyRefusal";
}

export interface ImportOptions {
  readonly source: string;
  readonly issuer: string | undefined;
  readonly allowShortSecrets: boolean;
}

const MIN_RSA_BITS = 2048;
/** A larger modulus makes one verification cost milliseconds. */
const MAX_RSA_BITS = 8192;
const MIN_SECRET_BITS = 256;

/** Imports one entry, the seed's or a JWK. @throws KeyRefusal where the key must not verify anything. */
export async function importKey(
  entry: JsonObject,
  options: ImportOptions,
): Promise<{ readonly key: VerificationKey; readonly warning: string | undefined }> {
  const kid = optionalString(entry, "kid");
  const declaredAlg = optionalString(entry, "alg");
  checkPurpose(entry);
  const { material, algorithms: allowed } = materialOf(entry);
  const jwk = exportJwk(material);
  const facts = { ...factsOf(material, jwk), allowed };
  checkStrength(facts, jwk, options.allowShortSecrets);
  if (declaredAlg !== undefined && !JWS_ALGORITHMS.has(declaredAlg)) {
    throw new KeyRefusal(`its algorithm is not one for signatures that is supported here`);
  }
  const algorithms = boundAlgorithms(facts, declaredAlg, options.allowShortSecrets);
  if (algorithms.size === 0) throw new KeyRefusal(whyNothingFits(facts, declaredAlg));
  const warning = warnOfShortSecret(facts, algorithms);
  const thumbprint = await calculateJwkThumbprint(toJoseJwk(jwk), "sha256");
  const { kty } = facts;
  const { source, issuer } = options;
  const key = {
    kid: kid === "" ? undefined : kid,
    declaredAlg,
    algorithms,
    thumbprint,
    issuer,
    source,
    kty,
    material,
  };
  return { key, warning };
}

function optionalString(entry: JsonObject, name: string): string | undefined {
  const value = entry.get(name);
  if (value === undefined || typeof value === "string") return value;
  throw new KeyRefusal(`its ${name} is not a string`);
}

interface Material {
  readonly material: KeyObject;
  /** Where its own type says what it is for. */
  readonly algorithms?: ReadonlySet<string>;
}

function materialOf(entry: JsonObject): Material {
  const secret = optionalString(entry, "secret");
  const cert = optionalString(entry, "cert");
  if (secret !== undefined && cert !== undefined)
    throw new KeyRefusal("it has both a secret and a cert");
  if (secret === undefined && cert === undefined) return { material: jwkKey(entry) };
  if (entry.has("kty")) throw new KeyRefusal("it is a JWK and has a secret or a cert beside it");
  if (secret === undefined) return certKey(cert ?? "");
  return { material: secretKey(Buffer.from(secret, "utf8")) };
}

/** RFC 7517 §4.2 and §4.3; whoever writes them into the seed's format means the same. */
function checkPurpose(entry: JsonObject): void {
  const use = entry.get("use");
  const operations = entry.get("key_ops");
  if (use !== undefined && use !== "sig") throw new KeyRefusal("its use is not sig");
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) {
    throw new KeyRefusal("its key_ops do not include verify");
  }
}

/** The library reads more kinds of key than it writes: DSA, P-224. */
function exportJwk(material: KeyObject): JsonWebKey {
  try {
    return material.export({ format: "jwk" });
  } catch {
    throw new KeyRefusal("its type or curve is not supported here");
  }
}

function secretKey(bytes: Uint8Array): KeyObject {
  // A public key as a shared secret is the oldest confusion there is: everybody knows that secret.
  if (isKeyText(Buffer.from(bytes))) throw new KeyRefusal("its secret is the text of a key");
  // A space and what is below it: line breaks and NUL of an empty file or a padded field.
  if (bytes.every((byte) => byte <= 0x20)) throw new KeyRefusal("its secret is blank");
  return createSecretKey(bytes);
}

/** Tells whether bytes are a key in PEM, JWK or SubjectPublicKeyInfo. */
function isKeyText(bytes: Buffer): boolean {
  if (bytes.includes("-----BEGIN") || /^\s*\{[^]*"kty"/.test(bytes.toString("latin1"))) return true;
  try {
    createPublicKey({ key: bytes, format: "der", type: "spki" });
    return true;
  } catch {
    return readPssKey(bytes) !== undefined;
  }
}

function certKey(pem: string): Material {
  if (/PRIVATE KEY/.test(pem)) throw new KeyRefusal("its cert holds a private key");
  try {
    const isCertificate = pem.includes("BEGIN CERTIFICATE");
    return { material: isCertificate ? new X509Certificate(pem).publicKey : createPublicKey(pem) };
  } catch {
    const pss = readPssPem(pem);
    if (pss?.algorithms.size === 0) {
      throw new KeyRefusal("its RSASSA-PSS parameters are not those of PS256, PS384 or PS512");
    }
    if (pss !== undefined) return pss;
    throw new KeyRefusal("its cert is not a public key or certificate in PEM");
  }
}

function jwkKey(entry: JsonObject): KeyObject {
  const kty = optionalString(entry, "kty");
  if (kty === "oct") {
    const bytes = decodeBase64url(optionalString(entry, "k") ?? "");
    if (bytes === undefined || bytes.length === 0)
      throw new KeyRefusal("its secret is not base64url");
    return secretKey(bytes);
  }
  for (const name of ["d", "p", "q", "dp", "dq", "qi", "oth"]) {
    if (entry.has(name))
      throw new KeyRefusal("it carries private parts, so it must be taken for stolen");
  }
  const key = publicMembers(entry);
  try {
    return createPublicKey({ format: "jwk", key });
  } catch {
    throw new KeyRefusal("its parameters are not those of a public key that is supported here");
  }
}

function publicMembers(entry: JsonObject): Record<string, string> {
  const members: Record<string, string> = {};
  for (const name of ["kty", "crv", "n", "e", "x", "y"]) {
    const value = optionalString(entry, name);
    if (value === undefined) continue;
    if (name !== "kty" && name !== "crv" && decodeBase64url(value) === undefined) {
      throw new KeyRefusal("a parameter of it is not base64url");
    }
    members[name] = value;
  }
  return members;
}

function toJoseJwk(jwk: JsonWebKey): JWK {
  const { kty, crv, n, e, x, y, k } = jwk;
  const members = Object.entries({ kty, crv, n, e, x, y, k }).filter(
    ([, value]) => value !== undefined,
  );
  return Object.fromEntries(members);
}

function factsOf(material: KeyObject, jwk: JsonWebKey): KeyMaterialFacts {
  const kty = parseKty(jwk.kty);
  const bytes = decodeBase64url((kty === "oct" ? jwk.k : jwk.n) ?? "") ?? new Uint8Array();
  const modulus = material.asymmetricKeyDetails?.modulusLength;
  return { kty, crv: jwk.crv, bits: modulus ?? bytes.length * 8 };
}

function parseKty(kty: string | undefined): KeyShape["kty"] {
  if (kty === "oct" || kty === "RSA" || kty === "EC" || kty === "OKP") return kty;
  throw new KeyRefusal("its type is not supported here");
}

function checkStrength(facts: KeyMaterialFacts, jwk: JsonWebKey, allowShortSecrets: boolean): void {
  if (facts.kty === "RSA" && facts.bits < MIN_RSA_BITS) {
    throw new KeyRefusal(
      `its modulus has ${facts.bits} bits, fewer than ${MIN_RSA_BITS} (RFC 7518 §3.3)`,
    );
  }
  if (facts.kty === "RSA" && (facts.bits > MAX_RSA_BITS || isWeakExponent(jwk.e))) {
    throw new KeyRefusal(
      `its modulus has more than ${MAX_RSA_BITS} bits, or its exponent is not usable`,
    );
  }
  if (facts.kty === "RSA" && hasRocaFingerprint(decodeBase64url(jwk.n ?? "") ?? new Uint8Array())) {
    throw new KeyRefusal("its modulus comes from a broken generator (CVE-2017-15361)");
  }
  if (facts.kty === "OKP" && isSmallOrderPoint(decodeBase64url(jwk.x ?? ""))) {
    throw new KeyRefusal("its point has a small order: anybody could sign for it");
  }
  if (facts.kty === "oct" && facts.bits < MIN_SECRET_BITS && !allowShortSecrets) {
    throw new KeyRefusal(tooShort(facts, "its hash"));
  }
}

function whyNothingFits(facts: KeyMaterialFacts, declaredAlg: string | undefined): string {
  const shape = JWS_ALGORITHMS.get(declaredAlg ?? "")?.key;
  const isShort = facts.kty === "oct" && shape?.kty === "oct";
  if (isShort) return tooShort(facts, `the hash of ${declaredAlg}`);
  return "its type, curve or size fits no algorithm it may serve";
}

function tooShort({ bits }: KeyMaterialFacts, hash: string): string {
  return `its secret has ${bits} bits, fewer than ${hash} (RFC 7518 §3.2; JWT_ALLOW_SHORT_SECRETS takes it all the same)`;
}

/** Says so where a secret serves an algorithm whose hash is longer than itself. */
function warnOfShortSecret(
  facts: KeyMaterialFacts,
  algorithms: ReadonlySet<string>,
): string | undefined {
  const tooLong = [...algorithms].filter((name) => {
    const shape = JWS_ALGORITHMS.get(name)?.key;
    return shape?.kty === "oct" && facts.bits < shape.minBytes * 8;
  });
  if (tooLong.length === 0) return undefined;
  return `its secret has only ${facts.bits} bits, fewer than the hash of ${tooLong.join(", ")}, and could be guessed (RFC 7518 §3.2)`;
}

function isWeakExponent(e: string | undefined): boolean {
  const bytes = decodeBase64url(e ?? "") ?? new Uint8Array();
  const last = bytes.at(-1) ?? 0;
  return last % 2 === 0 || (bytes.length === 1 && last < 3) || bytes.length > 4;
}
