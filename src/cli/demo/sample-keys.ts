/** Keys and tokens for showing: made anew in every run, worth nothing elsewhere. */
import {
  createCipheriv,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";

/** Makes sample tokens; the private halves stay inside. */
export interface SampleKeys {
  /** `keys.json` as in the seed: `[{kid, secret} | {kid, cert}]`. */
  readonly keyFile: string;
  /** A JWK set for JWT_DECRYPT_FILE. */
  readonly decryptFile: string;
  readonly hs256: (claims: string) => string;
  readonly rs256: (claims: string) => string;
  readonly es256: (claims: string) => string;
  /** A JWE, `dir` with A256GCM (RFC 7518 §4.5, §5.3). */
  readonly jwe: (claims: string) => string;
  /** RS256 under the right `kid` by a key that nobody published. */
  readonly foreign: (claims: string) => string;
}

/** Generates fresh keys. */
export function createSampleKeys(): SampleKeys {
  const secret = randomBytes(32).toString("hex");
  const contentKey = randomBytes(32);
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const withEc = (data: Buffer) =>
    sign("sha256", data, { key: ec.privateKey, dsaEncoding: "ieee-p1363" });
  return {
    keyFile: JSON.stringify([
      { kid: "demo-hs", secret },
      { kid: "demo-rs", cert: toPem(rsa.publicKey) },
      { kid: "demo-es", cert: toPem(ec.publicKey) },
    ]),
    decryptFile: JSON.stringify({
      keys: [{ kty: "oct", kid: "demo-jwe", alg: "dir", k: contentKey.toString("base64url") }],
    }),
    hs256: jws("HS256", "demo-hs", (data) => createHmac("sha256", secret).update(data).digest()),
    rs256: jws("RS256", "demo-rs", (data) => sign("sha256", data, rsa.privateKey)),
    es256: jws("ES256", "demo-es", withEc),
    foreign: jws("RS256", "demo-rs", (data) => sign("sha256", data, stranger.privateKey)),
    jwe: (claims) => encryptDirect(contentKey, claims),
  };
}

/** Changes the claims under a signature that was made for others. */
export function forge(token: string, claims: string): string {
  const [header, , signature] = token.split(".");
  return `${header}.${encode(claims)}.${signature}`;
}

function jws(
  alg: string,
  kid: string,
  signData: (data: Buffer) => Buffer,
): (claims: string) => string {
  const header = encode(JSON.stringify({ alg, typ: "JWT", kid }));
  return (claims) => {
    const signed = `${header}.${encode(claims)}`;
    return `${signed}.${signData(Buffer.from(signed)).toString("base64url")}`;
  };
}

function encryptDirect(key: Buffer, claims: string): string {
  const header = encode(JSON.stringify({ alg: "dir", enc: "A256GCM", kid: "demo-jwe" }));
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(header));
  const text = Buffer.concat([cipher.update(claims, "utf8"), cipher.final()]);
  const parts = [iv, text, cipher.getAuthTag()].map((part) => part.toString("base64url"));
  return `${header}..${parts.join(".")}`;
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64url");
}

function toPem(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" });
}
