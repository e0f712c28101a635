/** Keys to sign with, fresh in every run, and the forms in which a key source publishes them. */
import {
  constants,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";

/** The signature algorithms of RFC 7518 §3.1, RFC 8037 and RFC 9864 that the product knows. */
export const ALGORITHMS = [
  "HS256",
  "HS384",
  "HS512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** A key and how to sign with it. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: Algorithm;
  /** The signature of the bytes, as JWS wants it (ECDSA: r‖s). */
  readonly sign: (data: Buffer) => Buffer;
  /** The seed's entry: `{kid, secret}` or `{kid, cert}`, without `alg`. */
  readonly entry: Readonly<Record<string, string>>;
  /** RFC 7517, with `alg` and `kid`; an HMAC key's holds the secret. */
  readonly jwk: Readonly<Record<string, unknown>>;
  /** The private half, for tests that misuse it; HMAC keys have none. */
  readonly privateKey?: KeyObject;
}

/** Makes a key for one algorithm; the `kid` names the algorithm unless given. */
export function createSigningKey(alg: Algorithm, kid = `key-${alg.toLowerCase()}`): SigningKey {
  if (alg.startsWith("HS")) return createSecretKey(alg, kid);
  const { privateKey } = generatePair(alg);
  return toSigningKey(alg, kid, privateKey);
}

/** An HMAC key of a given secret: its UTF-8 bytes are the key, as in the seed's format. */
export function createSecretKey(
  alg: Algorithm,
  kid: string,
  secret = randomBytes(32).toString("hex"),
): SigningKey {
  return {
    kid,
    alg,
    sign: (data) => createHmac(toHash(alg), secret).update(data).digest(),
    entry: { kid, secret },
    jwk: { kty: "oct", kid, alg, k: Buffer.from(secret).toString("base64url") },
  };
}

/** A key of an existing private key. */
export function toSigningKey(alg: Algorithm, kid: string, privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  const cert = publicKey.export({ type: "spki", format: "pem" });
  return {
    kid,
    alg,
    sign: (data) => signWith(alg, privateKey, data),
    entry: { kid, cert },
    jwk: { ...publicKey.export({ format: "jwk" }), kid, alg },
    privateKey,
  };
}

/** Signs with a private key under an algorithm that need not be the key's own. */
export function signWith(alg: Algorithm, privateKey: KeyObject, data: Buffer): Buffer {
  if (alg.startsWith("Ed")) return sign(null, data, privateKey);
  if (alg.startsWith("ES")) {
    return sign(toHash(alg), data, { key: privateKey, dsaEncoding: "ieee-p1363" });
  }
  if (alg.startsWith("PS")) {
    return sign(toHash(alg), data, {
      key: privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    });
  }
  return sign(toHash(alg), data, privateKey);
}

function generatePair(alg: Algorithm): { readonly privateKey: KeyObject } {
  if (alg === "ES256") return generateKeyPairSync("ec", { namedCurve: "P-256" });
  if (alg === "ES384") return generateKeyPairSync("ec", { namedCurve: "P-384" });
  if (alg === "ES512") return generateKeyPairSync("ec", { namedCurve: "P-521" });
  if (alg.startsWith("Ed")) return generateKeyPairSync("ed25519");
  return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

function toHash(alg: Algorithm): string {
  return `sha${alg.slice(2)}`;
}
