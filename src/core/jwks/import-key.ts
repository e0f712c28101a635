/** Turns one entry of a key set into a key bound to its algorithms, or says why it must not be used. */
import { createPublicKey, createSecretKey, X509Certificate, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, type JWK } from "jose";
import type { JsonObject } from "../json.ts";
import { decodeBase64url } from "../token/base64url.ts";
import { JWS_ALGORITHMS, type KeyShape } from "../token/algorithms.ts";
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
  const material = materialOf(entry);
  const jwk = material.export({ format: "jwk" });
  const facts = factsOf(material, jwk);
  const warning = checkStrength(facts, jwk, options.allowShortSecrets);
  if (declaredAlg !== undefined && !JWS_ALGORITHMS.has(declaredAlg)) {
    throw new KeyRefusal(`its algorithm is not one for signatures that is supported here`);
  }
  const algorithms = boundAlgorithms(facts, declaredAlg, options.allowShortSecrets);
  if (algorithms.size === 0)
    throw new KeyRefusal("its type, curve or size fits no algorithm it may serve");
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

function materialOf(entry: JsonObject): KeyObject {
  const secret = optionalString(entry, "secret");
  const cert = optionalString(entry, "cert");
  if (secret !== undefined && cert !== undefined)
    throw new KeyRefusal("it has both a secret and a cert");
  if (secret !== undefined) return secretKey(Buffer.from(secret, "utf8"));
  if (cert !== undefined) return certKey(cert);
  return jwkKey(entry);
}

function secretKey(bytes: Uint8Array): KeyObject {
  // A public key as a shared secret is the oldest confusion there is: everybody knows that secret.
  if (Buffer.from(bytes).includes("-----BEGIN")) throw new KeyRefusal("its secret is a PEM text");
  if (bytes.every((byte) => byte === 0x20 || byte === 0))
    throw new KeyRefusal("its secret is blank");
  return createSecretKey(bytes);
}

function certKey(pem: string): KeyObject {
  if (/PRIVATE KEY/.test(pem)) throw new KeyRefusal("its cert holds a private key");
  try {
    return pem.includes("BEGIN CERTIFICATE")
      ? new X509Certificate(pem).publicKey
      : createPublicKey(pem);
  } catch {
    throw new KeyRefusal("its cert is not a public key or certificate in PEM");
  }
}

function jwkKey(entry: JsonObject): KeyObject {
  const use = entry.get("use");
  const operations = entry.get("key_ops");
  if (use !== undefined && use !== "sig") throw new KeyRefusal("its use is not sig");
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) {
    throw new KeyRefusal("its key_ops do not include verify");
  }
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
  try {
    return createPublicKey({ format: "jwk", key: publicMembers(entry) });
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

function checkStrength(
  facts: KeyMaterialFacts,
  jwk: JsonWebKey,
  allowShortSecrets: boolean,
): string | undefined {
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
  if (facts.kty === "OKP" && isSmallOrderPoint(decodeBase64url(jwk.x ?? ""))) {
    throw new KeyRefusal("its point has a small order: anybody could sign for it");
  }
  if (facts.kty === "oct" && facts.bits < MIN_SECRET_BITS) {
    if (!allowShortSecrets) {
      throw new KeyRefusal(
        `its secret has ${facts.bits} bits, fewer than its hash (RFC 7518 §3.2; JWT_ALLOW_SHORT_SECRETS takes it all the same)`,
      );
    }
    return `its secret has only ${facts.bits} bits and can be guessed (RFC 7518 §3.2)`;
  }
  return undefined;
}

function isWeakExponent(e: string | undefined): boolean {
  const bytes = decodeBase64url(e ?? "") ?? new Uint8Array();
  const last = bytes.at(-1) ?? 0;
  return last % 2 === 0 || (bytes.length === 1 && last < 3) || bytes.length > 4;
}
