import { describeAttacks } from "../../helpers/attack-suite.ts";
import { mint } from "../../helpers/mint.ts";
import { createSigningKey, type SigningKey } from "../../helpers/signing-keys.ts";
import { claims } from "../../helpers/tokens.ts";

const rs = createSigningKey("RS256", "plain");

/** A key as published with some members changed: the token is signed as if nothing were wrong. */
function published(key: SigningKey, more: Record<string, unknown>): SigningKey {
  return { ...key, jwk: { ...key.jwk, ...more } };
}

const usable = [
  published(createSigningKey("RS256", "use-sig"), { use: "sig" }),
  published(createSigningKey("ES256", "ops-verify"), { key_ops: ["verify"] }),
  published(createSigningKey("ES256", "unknown-member"), { "x-note": "for tests" }),
];
const unusable: readonly (readonly [string, SigningKey])[] = [
  ["use enc", published(createSigningKey("RS256", "use-enc"), { use: "enc" })],
  ["use that is no string", published(createSigningKey("RS256", "use-1"), { use: 1 })],
  ["key_ops without verify", published(createSigningKey("ES256", "ops"), { key_ops: ["sign"] })],
  ["key_ops that is no list", published(createSigningKey("ES256", "ops-s"), { key_ops: "verify" })],
  ["alg of another type", published(createSigningKey("RS256", "alg-es"), { alg: "ES256" })],
  ["alg of encryption", published(createSigningKey("RS256", "alg-enc"), { alg: "RSA-OAEP" })],
  ["alg none", published(createSigningKey("RS256", "alg-none"), { alg: "none" })],
  ["alg that is no string", published(createSigningKey("RS256", "alg-1"), { alg: 1 })],
  ["another curve's name", published(createSigningKey("ES256", "crv"), { crv: "P-384" })],
  ["an unknown curve", published(createSigningKey("ES256", "crv-k"), { crv: "secp256k1" })],
  ["kty of another type", published(createSigningKey("ES256", "kty"), { kty: "RSA" })],
  ["kty oct around a public key", published(createSigningKey("RS256", "kty-oct"), { kty: "oct" })],
  ["a point off its curve", published(createSigningKey("ES256", "off"), { x: "A".repeat(43) })],
  ["an even modulus of few bits", published(createSigningKey("RS256", "small"), { n: "AQAB" })],
  ["exponent 1", published(createSigningKey("RS256", "e1"), { e: "AQ" })],
  ["a secret of nothing", published(createSigningKey("HS256", "empty"), { k: "" })],
  ["a secret that is no base64url", published(createSigningKey("HS256", "b64"), { k: "+/=" })],
];
/** Keys that are held, for another algorithm than their tokens say. */
const otherwise: readonly (readonly [string, SigningKey])[] = [
  ["alg of another hash", published(createSigningKey("RS256", "alg-512"), { alg: "RS512" })],
  ["alg of another padding", published(createSigningKey("RS256", "alg-ps"), { alg: "PS256" })],
];
const all = [...usable, ...[...unusable, ...otherwise].map(([, key]) => key)];

describeAttacks("keys that their own members forbid", {
  edge: {
    keyFile: { keys: [rs.jwk, ...all.map((key) => key.jwk)] },
  },
  controls: [
    { name: "a plain RSA key", token: mint(rs, claims()) },
    ...usable.map((key) => ({ name: key.kid, token: mint(key, claims()) })),
  ],
  attacks: [
    ...unusable.map(([name, key]) => ({
      name: `a token of a key with ${name}`,
      token: mint(key, claims()),
      detail: "unknown_key",
    })),
    ...otherwise.map(([name, key]) => ({
      name: `a token of a key with ${name}`,
      token: mint(key, claims()),
      detail: "algorithm",
    })),
  ],
});
