import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { parseDecryptionKeys, selectDecryptionKey } from "../../../src/core/jwks/decryption-key.ts";
import { KeySetError } from "../../../src/core/jwks/key-list.ts";
import { JWE_ALGORITHMS } from "../../../src/core/token/algorithms.ts";
import { ec as publicEc, rsa as publicRsa } from "./entries.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
  format: "jwk",
});
const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({
  format: "jwk",
});
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
const x25519 = generateKeyPairSync("x25519").privateKey.export({ format: "jwk" });
const ed25519 = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });

function oct(bytes: number, more: object = {}): object {
  return { kty: "oct", k: Buffer.alloc(bytes, 0x55).toString("base64url"), ...more };
}

function parse(document: unknown) {
  return parseDecryptionKeys(typeof document === "string" ? document : JSON.stringify(document));
}

describe("parseDecryptionKeys", () => {
  test.each([
    ["one JWK", oct(64), ["oct"]],
    ["a list", [oct(32), rsa], ["oct", "RSA"]],
    ["a set", { keys: [ec, x25519] }, ["EC/OKP", "EC/OKP"]],
    ["no key", { keys: [] }, []],
    ["a key for encryption", { ...rsa, use: "enc", key_ops: ["unwrapKey"] }, ["RSA"]],
    ["a key named for its algorithm", { ...rsa, alg: "RSA-OAEP-256" }, ["RSA"]],
    ["a key named for its encryption", oct(64, { alg: "A256CBC-HS512" }), ["oct"]],
  ])("reads %s", (_, document, kinds) => {
    expect(parse(document).map(({ kty }) => kty)).toEqual(kinds as ("oct" | "RSA" | "EC/OKP")[]);
  });

  test("reads the issuer that a key is bound to, and binds no other key", () => {
    const [bound, free] = parse([oct(32, { issuer: "https://a" }), oct(32, { iss: "https://a" })]);
    expect([bound?.issuer, free?.issuer]).toEqual(["https://a", undefined]);
  });

  test.each([
    ["nothing", "", /not JSON/],
    ["a text", '"x"', /neither/],
    ["an object of something else", { a: 1 }, /neither/],
    ["a list of texts", ["x"], /not an object/],
    ["a key for signatures", { ...rsa, use: "sig" }, /key 1: its use/],
    ["a key with other operations", { ...rsa, key_ops: ["sign"] }, /key 1: its key_ops/],
    ["operations that are no list", { ...rsa, key_ops: "decrypt" }, /key 1: its key_ops/],
    ["the algorithm RSA1_5", { ...rsa, alg: "RSA1_5" }, /key 1: its algorithm/],
    ["the algorithm PBES2", oct(32, { alg: "PBES2-HS256+A128KW" }), /key 1: its algorithm/],
    ["an algorithm for signatures", oct(32, { alg: "HS256" }), /key 1: its algorithm/],
    ["an algorithm that is a number", oct(32, { alg: 5 }), /key 1: its alg is not a string/],
    ["a kid that is a number", oct(32, { kid: 5 }), /key 1: its kid is not a string/],
    ["an issuer that is a list", oct(32, { issuer: ["https://a"] }), /key 1: its issuer is not/],
    ["an empty issuer", oct(32, { issuer: "" }), /key 1: its issuer is empty/],
    ["an empty secret", oct(0), /key 1: its secret/],
    ["a secret of 15 bytes", oct(15), /key 1: its secret/],
    ["a secret that is not base64url", { kty: "oct", k: "+".repeat(44) }, /key 1: its secret/],
    ["RSA of 1024 bits", small, /key 1: its modulus has 1024 bits/],
    ["a public RSA key", publicRsa, /key 1: its parameters/],
    ["a public EC key", publicEc, /key 1: its parameters/],
    ["a key for Ed25519 signatures", ed25519, /key 1: its curve/],
    ["a key without kty", [{ k: "AAAA" }], /key 1: its/],
    ["a second key that is bad", [oct(32), oct(3)], /key 2: its secret/],
  ])("refuses %s", (_, document, problem) => {
    const error = (() => {
      try {
        return parse(document);
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(KeySetError);
    expect(String(error)).toMatch(problem);
  });

  test("never quotes a key in its error", () => {
    expect(() => parse(oct(15))).toThrow(KeySetError);
    expect(() => parse(oct(15))).not.toThrow("VVVV");
  });
});

describe("selectDecryptionKey", () => {
  const keys = parse([
    oct(64, { kid: "dir" }),
    oct(32, { kid: "wrap", alg: "A256KW" }),
    oct(32, { kid: "any" }),
    oct(32, { kid: "enc", alg: "A256GCM" }),
    { ...rsa, kid: "rsa", alg: "RSA-OAEP" },
    { ...ec, kid: "ec" },
  ]);
  const select = (alg: string, enc: string, kid?: string, from = keys) => {
    const algorithm = JWE_ALGORITHMS.get(alg);
    if (algorithm === undefined) throw new TypeError(alg);
    return selectDecryptionKey(from, algorithm, enc, kid)?.kid;
  };

  test.each([
    ["dir", "A256CBC-HS512", undefined, "dir"],
    ["dir", "A256CBC-HS512", "dir", "dir"],
    ["dir", "A256GCM", "any", "any"],
    ["dir", "A256GCM", "enc", "enc"],
    ["A256KW", "A128GCM", "wrap", "wrap"],
    ["A256KW", "A128GCM", "any", "any"],
    ["RSA-OAEP", "A128GCM", undefined, "rsa"],
    ["ECDH-ES", "A128GCM", undefined, "ec"],
    ["ECDH-ES+A256KW", "A128GCM", "ec", "ec"],
  ])("finds for %s, %s and kid %p the key %s", (alg, enc, kid, expected) => {
    expect(select(alg, enc, kid)).toBe(expected);
  });

  test.each([
    ["a kid that nobody has", "dir", "A256CBC-HS512", "nobody"],
    ["an inherited name", "dir", "A256CBC-HS512", "constructor"],
    ["an empty kid", "dir", "A256CBC-HS512", ""],
    ["a key of another size for dir", "dir", "A256CBC-HS512", "any"],
    ["a key bound to a wrap for dir", "dir", "A256GCM", "wrap"],
    ["a key bound to another enc for dir", "dir", "A128CBC-HS256", "enc"],
    ["a key bound to an enc for a wrap", "A256KW", "A256GCM", "enc"],
    ["a key of another size for a wrap", "A128KW", "A256GCM", "any"],
    ["a key bound to KW for GCMKW", "A256GCMKW", "A256GCM", "wrap"],
    ["a key bound to another hash", "RSA-OAEP-256", "A256GCM", "rsa"],
    ["an RSA key for agreement", "ECDH-ES", "A256GCM", "rsa"],
  ] as const)("finds none for %s", (_, alg, enc, kid) => {
    expect(select(alg, enc, kid)).toBeUndefined();
  });

  test("finds none where several fit, with and without kid", () => {
    const same = parse([oct(32, { kid: "b" }), oct(32, { kid: "b" }), oct(32, { kid: "c" })]);
    expect(select("A256KW", "A256GCM", undefined, same)).toBeUndefined();
    expect(select("A256KW", "A256GCM", "b", same)).toBeUndefined();
    expect(select("A256KW", "A256GCM", "c", same)).toBe("c");
  });
});
