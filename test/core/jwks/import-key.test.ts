import { describe, expect, test } from "bun:test";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import {
  bytes,
  derOf,
  DSA,
  ec,
  ed,
  type Entry,
  es384,
  es,
  modulus,
  oct,
  p224,
  padded,
  parse,
  pemOf,
  privatePem,
  read,
  rs,
  rsa,
  secret,
  shortened,
  wrap,
} from "./entries.ts";

describe("the algorithms of a key", () => {
  test.each<readonly [name: string, entry: Entry, algorithms: string]>([
    ["a secret of 64 bytes", secret.entry, "HS256 HS384 HS512"],
    ["a secret of 48 bytes", { secret: "s".repeat(48) }, "HS256 HS384"],
    ["a secret of 32 bytes", { secret: "s".repeat(32) }, "HS256"],
    ["a secret with alg", { ...secret.entry, alg: "HS384" }, "HS384"],
    ["an oct JWK", { kty: "oct", k: bytes(64, 0x55) }, "HS256 HS384 HS512"],
    ["an oct JWK with alg", { kty: "oct", k: bytes(64, 0x55), alg: "HS512" }, "HS512"],
    ["an RSA certificate entry", rs.entry, "RS256 RS384 RS512"],
    ["an RSA entry with alg", { ...rs.entry, alg: "PS384" }, "PS384"],
    ["an RSA JWK", rsa, "RS256 RS384 RS512"],
    ["an RSA JWK with alg", { ...rsa, alg: "RS512" }, "RS512"],
    ["an RSA JWK for PSS", { ...rsa, alg: "PS256" }, "PS256"],
    ["an RSA JWK with the exponent 3", { ...rsa, e: "Aw" }, "RS256 RS384 RS512"],
    ["an RSA JWK with a zero before its modulus", { ...rsa, n: padded() }, "RS256 RS384 RS512"],
    ["a P-256 JWK", ec, "ES256"],
    ["a P-384 entry", es384.entry, "ES384"],
    ["a P-521 JWK", createSigningKey("ES512").jwk, "ES512"],
    ["an Ed25519 entry", ed.entry, "EdDSA Ed25519"],
    ["an Ed25519 JWK with its old name", { ...ed.jwk, alg: "EdDSA" }, "EdDSA Ed25519"],
    ["an Ed25519 JWK with its new name", { ...ed.jwk, alg: "Ed25519" }, "EdDSA Ed25519"],
    ["a JWK for signatures", { ...rsa, use: "sig", key_ops: ["verify"] }, "RS256 RS384 RS512"],
    ["a JWK with members nobody knows", { ...ec, "x-y": { a: 1 }, __proto__x: 1 }, "ES256"],
  ])("of %s", async (_, entry, algorithms) => {
    expect(await read(entry)).toBe(algorithms);
  });
});

describe("a key that is refused", () => {
  const small = createPublicKey(generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey);
  const { x } = ec as { x: string };
  const weak: readonly (readonly [name: string, entry: Entry, problem: RegExp])[] = [
    ["RSA of 1024 bits", small.export({ format: "jwk" }) as Entry, /1024 bits/],
    [
      "RSA of 1024 bits in PEM",
      { cert: small.export({ type: "spki", format: "pem" }) },
      /1024 bits/,
    ],
    ["RSA of 2047 bits", { ...rsa, n: modulus(2047) }, /2047 bits/],
    ["RSA of 8200 bits", { ...rsa, n: modulus(8200) }, /more than 8192/],
    ["RSA with the exponent 1", { ...rsa, e: "AQ" }, /exponent|parameters/],
    ["RSA with the exponent 2", { ...rsa, e: "Ag" }, /exponent|parameters/],
    ["RSA with the exponent 0", { ...rsa, e: "AA" }, /exponent|parameters/],
    ["RSA with an even exponent", { ...rsa, e: "AQAA" }, /exponent|parameters/],
    ["RSA with a huge exponent", { ...rsa, e: "AQAAAAAAAAAB" }, /exponent|parameters/],
    ["RSA without an exponent", { kty: "RSA", n: rsa["n"] }, /parameters/],
    ["RSA with an empty modulus", { ...rsa, n: "" }, /./],
    ["EC off its curve", { ...ec, y: bytes(32, 1) }, /parameters/],
    ["EC at zero", { ...ec, x: bytes(32), y: bytes(32) }, /parameters/],
    ["EC with a short coordinate", { ...ec, x: shortened(x) }, /parameters/],
    ["EC without y", { kty: "EC", crv: "P-256", x }, /parameters/],
    ["EC named as another curve", { ...ec, crv: "P-384" }, /parameters/],
    ["EC of a curve with a strange name", { ...ec, crv: "__proto__" }, /parameters/],
    ["EC with its curve as a number", { ...ec, crv: 256 }, /crv is not a string/],
    ["Ed25519 too short", { kty: "OKP", crv: "Ed25519", x: bytes(31, 3) }, /parameters/],
    ["Ed25519 too long", { kty: "OKP", crv: "Ed25519", x: bytes(33, 3) }, /parameters/],
    ["X25519", { kty: "OKP", crv: "X25519", x: bytes(32, 9) }, /fits no algorithm/],
    [
      "X25519 that says EdDSA",
      { kty: "OKP", crv: "X25519", x: bytes(32, 9), alg: "EdDSA" },
      /fits/,
    ],
    ["Ed448", { kty: "OKP", crv: "Ed448", x: bytes(57, 9) }, /parameters/],
    ["no kty", { n: rsa["n"], e: rsa["e"] }, /parameters/],
    ["an unknown kty", { kty: "AKP", pub: "AAAA" }, /parameters/],
    ["kty __proto__", { kty: "__proto__" }, /parameters/],
    ["kty as a list", { ...rsa, kty: ["RSA"] }, /kty is not a string/],
    ["nothing at all", {}, /parameters/],
  ];
  const confused: readonly (readonly [name: string, entry: Entry, problem: RegExp])[] = [
    ["use enc", { ...rsa, use: "enc" }, /use is not sig/],
    ["use empty", { ...rsa, use: "" }, /use is not sig/],
    ["use null", { ...rsa, use: null }, /use is not sig/],
    ["use as a list", { ...rsa, use: ["sig"] }, /use is not sig/],
    ["use enc in the seed's format", { ...rs.entry, use: "enc" }, /use is not sig/],
    ["use enc beside a secret", { ...secret.entry, use: "enc" }, /use is not sig/],
    ["key_ops without verify", { ...rsa, key_ops: ["sign"] }, /key_ops/],
    ["key_ops empty", { ...rsa, key_ops: [] }, /key_ops/],
    ["key_ops as a text", { ...rsa, key_ops: "verify" }, /key_ops/],
    ["key_ops null", { ...rsa, key_ops: null }, /key_ops/],
    ["alg none", { ...rsa, alg: "none" }, /algorithm/],
    ["alg of another family", { ...rsa, alg: "HS256" }, /fits no algorithm/],
    ["alg of another curve", { ...ec, alg: "ES384" }, /fits no algorithm/],
    ["an EC key that says RS256", { ...ec, alg: "RS256" }, /fits no algorithm/],
    ["a secret that says RS256", { ...secret.entry, alg: "RS256" }, /fits no algorithm/],
    ["a certificate that says HS256", { ...rs.entry, alg: "HS256" }, /fits no algorithm/],
    ["alg in lower case", { ...rsa, alg: "rs256" }, /algorithm/],
    ["alg empty", { ...rsa, alg: "" }, /algorithm/],
    ["alg of an encryption", { ...rsa, alg: "RSA-OAEP" }, /algorithm/],
    ["alg null", { ...rsa, alg: null }, /alg is not a string/],
    ["alg __proto__", { ...rsa, alg: "__proto__" }, /algorithm/],
    ["kid as a number", { ...rs.entry, kid: 7 }, /kid is not a string/],
    ["kid null", { ...rs.entry, kid: null }, /kid is not a string/],
    ["kid as an object", { ...rs.entry, kid: {} }, /kid is not a string/],
    ["both a secret and a cert", { ...rs.entry, ...secret.entry }, /both/],
    ["a JWK with a secret beside it", { ...rsa, secret: "s".repeat(64) }, /beside/],
    ["a JWK with a cert beside it", { ...rsa, cert: rs.entry["cert"] }, /beside/],
    ["padded base64url", { ...rsa, n: `${String(rsa["n"])}==` }, /not base64url/],
    ["base64 for base64url", { ...ec, x: "+".repeat(43) }, /not base64url/],
    ["a line break in base64url", { ...ec, x: `${x}\n` }, /not base64url/],
  ];
  const secrets: readonly (readonly [name: string, entry: Entry, problem: RegExp])[] = [
    ["24 bytes, as in the seed", { secret: "your-super-secure-secret" }, /192 bits/],
    ["31 bytes", { secret: "s".repeat(31) }, /248 bits/],
    [
      "32 bytes for HS384",
      { secret: "s".repeat(32), alg: "HS384" },
      /256 bits, fewer than the hash of HS384 .*JWT_ALLOW_SHORT_SECRETS/,
    ],
    [
      "48 bytes for HS512",
      { secret: "s".repeat(48), alg: "HS512" },
      /384 bits, fewer than the hash of HS512 /,
    ],
    ["empty", { secret: "" }, /blank/],
    ["spaces", { secret: " ".repeat(64) }, /blank/],
    ["line breaks and tabs", { secret: "\n\t\r ".repeat(16) }, /blank/],
    ["NUL", { secret: "\u0000".repeat(64) }, /blank/],
    ["an empty k", { kty: "oct", k: "" }, /base64url/],
    ["no k", { kty: "oct" }, /base64url/],
    ["k of zeros", { kty: "oct", k: bytes(64) }, /blank/],
    ["k that is not base64url", { kty: "oct", k: "+".repeat(64) }, /base64url/],
    ["k with loose bits", { kty: "oct", k: `${bytes(64, 0x55).slice(0, -1)}x` }, /base64url/],
    ["k as a number", { kty: "oct", k: 5 }, /not a string/],
    ["a public key in PEM", { secret: pemOf(rsa) }, /text of a key/],
    ["a public key in PEM after spaces", { secret: `  \n${pemOf(ec)}` }, /text of a key/],
    ["a public key's PEM as k", oct(Buffer.from(pemOf(rsa))), /text of a key/],
    ["a public key's DER as k", oct(derOf(rsa)), /text of a key/],
    ["an Ed25519 key's DER as k", oct(derOf(ed.jwk)), /text of a key/],
    ["a public JWK's text", { secret: JSON.stringify(rsa) }, /text of a key/],
    ["a public JWK's text as k", oct(Buffer.from(` ${JSON.stringify(ec)}`)), /text of a key/],
  ];
  const certs: readonly (readonly [name: string, entry: Entry, problem: RegExp])[] = [
    ["a private key", { cert: privatePem() }, /private key/],
    ["a private key after a public one", { cert: `${pemOf(rsa)}${privatePem()}` }, /private key/],
    ["nothing", { cert: "" }, /PEM/],
    ["garbage between the lines", { cert: wrap("PUBLIC KEY", "AAAA") }, /PEM/],
    ["a request for a certificate", { cert: wrap("CERTIFICATE REQUEST", "AAAA") }, /PEM/],
    ["a broken certificate", { cert: wrap("CERTIFICATE", "AAAA") }, /PEM/],
    ["a JWK's text", { cert: JSON.stringify(rsa) }, /PEM/],
    ["the key without its lines", { cert: derOf(rsa).toString("base64") }, /PEM/],
    ["no text", { cert: 5 }, /cert is not a string/],
    ["a P-224 key", { cert: p224() }, /not supported|PEM/],
    ["a DSA key", { cert: wrap("PUBLIC KEY", DSA) }, /not supported|PEM/],
  ];

  test.each([...weak])("is %s", async (_, entry, problem) => {
    expect(await read({ kid: "k", ...entry })).toMatch(problem);
  });
  test.each([...confused])("has %s", async (_, entry, problem) => {
    expect(await read(entry)).toMatch(problem);
  });
  test.each([...secrets])("has as its secret %s", async (_, entry, problem) => {
    expect(await read({ kid: "k", ...entry })).toMatch(problem);
  });
  test.each([...certs])("has as its cert %s", async (_, entry, problem) => {
    expect(await read({ kid: "k", ...entry })).toMatch(problem);
  });
  test.each(["d", "p", "q", "dp", "dq", "qi", "oth"])(
    "carries the private part %s",
    async (name) => {
      expect(await read({ ...rsa, [name]: "AQAB" })).toMatch(/private parts/);
    },
  );
  test("does not spoil the others of its set", async () => {
    const bad = [...weak, ...confused, ...secrets, ...certs].map(([, entry]) => entry);
    const { keys, problems } = await parse([...bad, rs.entry, ...bad, es.jwk]);
    expect(keys.map(({ kid }) => kid)).toEqual(["rs", "es"]);
    expect(problems).toHaveLength(2 * bad.length);
  });
  test("is named by its kid or its place, and never by its value", async () => {
    const short = { kid: "shorty", secret: "hunter2-hunter2" };
    const { problems } = await parse([
      short,
      { ...short, kid: undefined },
      { ...rsa, d: "c2VjcmV0" },
    ]);
    expect(problems[0]).toStartWith('key "shorty": ');
    expect(problems[1]).toStartWith("key 2: ");
    expect(problems.join()).not.toMatch(/hunter2|c2VjcmV0/);
  });
});

describe("JWT_ALLOW_SHORT_SECRETS", () => {
  test("takes the seed's sample for its whole family, with a warning", async () => {
    const { keys, problems } = await parse(
      [{ kid: "a", secret: "your-super-secure-secret" }],
      true,
    );
    expect([...(keys[0]?.algorithms ?? [])]).toEqual(["HS256", "HS384", "HS512"]);
    expect(problems).toEqual([expect.stringMatching(/key "a": .*192 bits.*HS256, HS384, HS512/)]);
  });
  test("warns also of a secret that is only too short for the algorithm it names", async () => {
    const { keys, problems } = await parse([{ secret: "s".repeat(32), alg: "HS512" }], true);
    expect([...(keys[0]?.algorithms ?? [])]).toEqual(["HS512"]);
    expect(problems).toEqual([expect.stringMatching(/256 bits.*HS512/)]);
  });
  test("does not warn of one that is long enough", async () => {
    expect((await parse([secret.entry], true)).problems).toEqual([]);
    expect((await parse([{ secret: "s".repeat(32), alg: "HS256" }], true)).problems).toEqual([]);
  });
  test.each([
    ["blank", { secret: "   " }],
    ["empty", { secret: "" }],
    ["the text of a key", { secret: pemOf(rsa) }],
  ])("takes none that is %s", async (_, entry) => {
    expect((await parse([entry], true)).keys).toEqual([]);
  });
});
