/** Keys as their sources write them, good and bad, and how one entry is read. */
import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { parseKeySet, type KeySet } from "../../../src/core/jwks/key-set.ts";
import { createSecretKey, createSigningKey } from "../../helpers/signing-keys.ts";

export type Entry = Readonly<Record<string, unknown>>;

export const rs = createSigningKey("RS256", "rs");
export const es = createSigningKey("ES256", "es");
export const es384 = createSigningKey("ES384", "es384");
export const ed = createSigningKey("EdDSA", "ed");
export const secret = createSecretKey("HS256", "hs", "s".repeat(64));
export const { alg: _rsAlg, kid: _rsKid, ...rsa } = rs.jwk;
export const { alg: _esAlg, kid: _esKid, ...ec } = es.jwk;

/** The public half of a DSA key of 1024 bits, made for this file. */
export const DSA = `
MIIBvjCCATMGByqGSM44BAEwggEmAoGBAKF1rINzNDXdFUnft0OzZGKJkX79biPG
Y927Ed7YJ2OMMgMGHclr+Z80KKwY2AUe+3bZOHtLDD27D99CgfxLm3s5nITwRzVv
ZzZF+4a9Qu0pg4W7pqYe2jiZ/dOec2sgX0fv8eTioW8zan6pNElNnAuxTdGjEJcx
7Pzqyz1kLDW3Ah0AlEeKpU7GIBHQFRTMOu2unJuEt7tYlsbSlTof1QKBgD0KWtMf
tMVJg5UXVmApeWcbCczWjUYlCivIg1qFkFPkbi3yUWb5WOR01M6cHq2oK+9rJXPg
n3LIzWqswjg3W7dnY2awd9SLq2hBXtoBiy+Xqn1uEutugZ7QH+Q+u4wqd3Xv2DDE
wq4tus+hiwvsOP7ian4HdrKf++opU+bDNoGIA4GEAAKBgEcwHyLqHxSL/XJh476a
DZXGR2H2nMbKS5Q7UcPe1xvrJxtxVBjQnuwcHxvpINMDIxtRxQ9rx0WLsiDxZw0T
tTXiyRR1/lCeguwaTltwettXunLCak8iQQwMnfzbCKaUs7CuJwBedZFmwVRIbY0Q
zTnegOPsbI/9bzr0Lo5+u9wE
`.trim();

export function parse(document: unknown, allowShortSecrets = false): Promise<KeySet> {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  return parseKeySet(text, { source: "test", issuer: undefined, allowShortSecrets });
}

/** What one entry becomes: the algorithms it is bound to, or the problem. */
export async function read(entry: unknown, allowShortSecrets = false): Promise<string> {
  const { keys, problems } = await parse([entry], allowShortSecrets);
  const [key] = keys;
  return key === undefined ? String(problems[0]) : [...key.algorithms].join(" ");
}

export function pemOf(jwk: Entry): string {
  const key = createPublicKey({ format: "jwk", key: jwk });
  return key.export({ type: "spki", format: "pem" });
}

export function bytes(length: number, fill = 0): string {
  return Buffer.alloc(length, fill).toString("base64url");
}

/** A modulus of exactly so many bits; that it is no product of primes is nothing an importer can see. */
export function modulus(bits: number): string {
  const value = randomBytes(Math.ceil(bits / 8));
  const top = (bits - 1) % 8;
  value[0] = (Number(value[0]) & ((1 << top) - 1)) | (1 << top);
  value[value.length - 1] = Number(value.at(-1)) | 1;
  return value.toString("base64url");
}

export function oct(secretBytes: Buffer): Entry {
  return { kty: "oct", k: secretBytes.toString("base64url") };
}

/** The modulus with a zero byte before it, as careless writers of DER integers have it. */
export function padded(): string {
  const n = Buffer.from(String(rsa["n"]), "base64url");
  return Buffer.concat([Buffer.alloc(1), n]).toString("base64url");
}

export function derOf(jwk: Entry): Buffer {
  const key = createPublicKey({ format: "jwk", key: jwk });
  return key.export({ type: "spki", format: "der" });
}

export function privatePem(): string {
  return String(es.privateKey?.export({ type: "pkcs8", format: "pem" }));
}

export function wrap(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}

export function p224(): string {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-224" });
  return publicKey.export({ type: "spki", format: "pem" });
}

export function shortened(text: string): string {
  return Buffer.from(text, "base64url").subarray(1).toString("base64url");
}
