import { describe, expect, test } from "bun:test";
import { KeyRing } from "../../../src/core/jwks/key-ring.ts";
import { parseKeySet } from "../../../src/core/jwks/key-set.ts";
import { toJwks, toSeedKeys } from "../../../src/core/jwks/publish.ts";
import { createSecretKey, createSigningKey } from "../../helpers/signing-keys.ts";
import { ed, es, type Entry, rs, rsa, secret } from "./entries.ts";

const A = "https://a.example";
const B = "https://b.example";
const other = createSigningKey("ES256", "other");

interface Source {
  readonly issuer?: string;
  readonly entries: readonly Entry[];
}

async function ringOf(...sources: readonly Source[]): Promise<KeyRing> {
  const sets = await Promise.all(
    sources.map(({ issuer, entries }, at) =>
      parseKeySet(JSON.stringify(entries), {
        source: `source ${at}`,
        issuer,
        allowShortSecrets: false,
      }),
    ),
  );
  return new KeyRing(sets.flatMap(({ keys }) => keys));
}

function facts(ring: KeyRing): unknown {
  return ring.keys.map(({ thumbprint, kid, algorithms }) => [thumbprint, kid, [...algorithms]]);
}

/** The kids and sources of the candidates, or why there are none. */
function ask(ring: KeyRing, alg: string, kid?: string, issuer?: string): unknown {
  const found = ring.candidates({ alg, kid, issuer });
  return typeof found === "string" ? found : found.map((key) => `${key.kid} of ${key.source}`);
}

describe("KeyRing.candidates", () => {
  test("finds the key that a token names", async () => {
    const ring = await ringOf({ entries: [rs.entry, es.entry, secret.entry, ed.entry] });
    expect(ask(ring, "RS256", "rs")).toEqual(["rs of source 0"]);
    expect(ask(ring, "HS512", "hs")).toEqual(["hs of source 0"]);
    expect(ask(ring, "EdDSA", "ed")).toEqual(["ed of source 0"]);
  });

  test.each([
    ["a kid that nobody has", "RS256", "nobody", "unknown_key"],
    ["an empty kid", "RS256", "", "unknown_key"],
    ["a kid of an object's own members", "RS256", "__proto__", "unknown_key"],
    ["a kid of an object's inherited members", "RS256", "constructor", "unknown_key"],
    ["a kid in another case", "RS256", "RS", "unknown_key"],
    ["an RSA key for HMAC", "HS256", "rs", "algorithm"],
    ["an RSA key for PSS", "PS256", "rs", "algorithm"],
    ["an EC key for another curve", "ES384", "es", "algorithm"],
    ["a secret for RSA", "RS256", "hs", "algorithm"],
    ["no algorithm", "none", "rs", "algorithm"],
    ["an algorithm's inherited name", "constructor", "rs", "algorithm"],
  ])("refuses %s", async (_, alg, kid, detail) => {
    const ring = await ringOf({ entries: [rs.entry, es.entry, secret.entry] });
    expect(ask(ring, alg, kid)).toBe(detail);
    expect(ask(ring, "RS256", "rs")).toEqual(["rs of source 0"]);
  });

  test("takes the one key that fits a token without kid", async () => {
    const ring = await ringOf({ entries: [rs.entry, es.entry, secret.entry] });
    expect(ask(ring, "RS384")).toEqual(["rs of source 0"]);
    expect(ask(ring, "ES256")).toEqual(["es of source 0"]);
  });

  test("never takes one of several for a token without kid", async () => {
    const ring = await ringOf({ entries: [rs.entry, es.entry, other.entry] });
    expect(ask(ring, "ES256")).toBe("unknown_key");
    expect(ask(ring, "PS256")).toBe("unknown_key");
    expect(ask(ring, "RS256")).toEqual(["rs of source 0"]);
  });

  test("takes a key without kid only for a token without kid", async () => {
    const { kid: _, ...nameless } = rs.entry;
    const ring = await ringOf({ entries: [nameless] });
    expect(ask(ring, "RS256")).toEqual(["undefined of source 0"]);
    expect(ask(ring, "RS256", "")).toBe("unknown_key");
    expect(ask(ring, "RS256", "undefined")).toBe("unknown_key");
  });

  test("takes the same key of two sources for one", async () => {
    const ring = await ringOf({ entries: [rs.entry] }, { entries: [rs.entry] });
    expect(ask(ring, "RS256")).toEqual(["rs of source 0"]);
    expect(ask(ring, "RS256", "rs")).toEqual(["rs of source 0"]);
    expect(ring.keys).toHaveLength(1);
  });

  test("tries the keys of one kid in order, but no more than four", async () => {
    const many = Array.from({ length: 9 }, (_, at) =>
      createSecretKey("HS256", "same", `${at}`.repeat(40)),
    );
    const ring = await ringOf({ entries: [rs.entry, ...many.map(({ entry }) => entry)] });
    const found = ring.candidates({ alg: "HS256", kid: "same", issuer: undefined });
    expect(found).toHaveLength(4);
    expect(found).toEqual(ring.keys.slice(1, 5));
  });

  test.each([
    ["no issuer", undefined],
    ["another issuer", B],
    ["the issuer with a slash", `${A}/`],
    ["the issuer in another case", A.toUpperCase()],
    ["an empty issuer", ""],
  ])("does not give an issuer's key to a token of %s", async (_, issuer) => {
    const ring = await ringOf({ issuer: A, entries: [rs.entry] });
    expect(ask(ring, "RS256", "rs", issuer)).toBe("unknown_key");
    expect(ask(ring, "RS256", undefined, issuer)).toBe("unknown_key");
    expect(ask(ring, "RS256", "rs", A)).toEqual(["rs of source 0"]);
    expect(ask(ring, "RS256", undefined, A)).toEqual(["rs of source 0"]);
  });

  test("keeps two issuers' keys of one kid apart", async () => {
    const mine = { ...rs.entry, kid: "1" };
    const theirs = { ...es.entry, kid: "1" };
    const ring = await ringOf({ issuer: A, entries: [mine] }, { issuer: B, entries: [theirs] });
    expect(ask(ring, "RS256", "1", A)).toEqual(["1 of source 0"]);
    expect(ask(ring, "ES256", "1", B)).toEqual(["1 of source 1"]);
    expect(ask(ring, "ES256", "1", A)).toBe("algorithm");
    expect(ask(ring, "RS256", "1", B)).toBe("algorithm");
  });

  test("keeps the same key of two issuers for both", async () => {
    const ring = await ringOf(
      { issuer: A, entries: [rs.entry] },
      { issuer: B, entries: [rs.entry] },
    );
    expect(ask(ring, "RS256", undefined, A)).toEqual(["rs of source 0"]);
    expect(ask(ring, "RS256", undefined, B)).toEqual(["rs of source 1"]);
    expect(ask(ring, "RS256")).toBe("unknown_key");
  });
});

describe("publishing the ring", () => {
  const jwk = { ...rsa, kid: "ps", alg: "PS256" };

  test("gives the seed's structure without secrets unless they are asked for", async () => {
    const ring = await ringOf({ entries: [rs.entry, secret.entry, jwk] });
    const without = toSeedKeys(ring, false);
    expect(without).toEqual([
      { kid: "rs", alg: undefined, cert: String(rs.entry["cert"]) },
      { kid: "ps", alg: "PS256", cert: String(rs.entry["cert"]) },
    ]);
    expect(JSON.stringify(without)).not.toContain("s".repeat(64));
    expect(toSeedKeys(ring, true)[1]).toEqual({
      kid: "hs",
      alg: undefined,
      secret: "s".repeat(64),
    });
  });

  test("can be read again as the same ring", async () => {
    const ring = await ringOf({ entries: [rs.entry, secret.entry, jwk, ed.jwk, es.jwk] });
    const again = await ringOf({ entries: toSeedKeys(ring, true).map((key) => ({ ...key })) });
    expect(facts(again)).toEqual(facts(ring));
  });

  test("leaves out a secret that is not text", async () => {
    const k = Buffer.alloc(64, 0xff).toString("base64url");
    const ring = await ringOf({ entries: [{ kty: "oct", kid: "raw", k }] });
    expect(ring.keys).toHaveLength(1);
    expect(toSeedKeys(ring, true)).toEqual([]);
  });

  test("never puts a secret into the RFC 7517 set", async () => {
    const ring = await ringOf({ entries: [rs.entry, secret.entry, jwk, ed.jwk] });
    const { keys } = toJwks(ring);
    expect(keys.map(({ kid, kty, alg, use }) => [kid, kty, alg, use])).toEqual([
      ["rs", "RSA", undefined, "sig"],
      ["ps", "RSA", "PS256", "sig"],
      ["ed", "OKP", "EdDSA", "sig"],
    ]);
    for (const key of keys) expect(Object.keys(key)).not.toContain("k");
    for (const key of keys) expect(Object.keys(key)).not.toContain("d");
    expect((await ringOf({ entries: keys })).keys).toHaveLength(3);
  });
});
