import { describe, expect, test } from "bun:test";
import { calculateJwkThumbprint } from "jose";
import { KeySetError } from "../../../src/core/jwks/key-list.ts";
import { parseKeySet } from "../../../src/core/jwks/key-set.ts";
import { es, parse, rs, rsa, secret } from "./entries.ts";

/** More members than the parser keeps in a Map. */
const MANY = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`member-${at}`, at]));

describe("parseKeySet", () => {
  test.each([
    ["the seed's list", [rs.entry, secret.entry]],
    ["an RFC 7517 set", { keys: [rs.jwk, secret.jwk] }],
    ["a set with other members", { jku: "https://x", keys: [rs.jwk, secret.jwk], version: 1 }],
    ["both formats in one list", [rs.jwk, secret.entry]],
    ["a set with many other members", { keys: [rs.jwk, secret.jwk], ...MANY }],
    [
      "keys with many other members",
      {
        keys: [
          { ...MANY, ...rs.jwk },
          { ...MANY, ...secret.jwk },
        ],
      },
    ],
  ])("reads %s", async (_, document) => {
    const { keys, problems } = await parse(document);
    expect(keys.map(({ kid }) => kid)).toEqual(["rs", "hs"]);
    expect(problems).toEqual([]);
  });
  test("reads one JWK alone", async () => {
    expect((await parse(rs.jwk)).keys).toMatchObject([{ kid: "rs", declaredAlg: "RS256" }]);
  });
  test("reads a set without a key as one whose keys were removed", async () => {
    for (const document of [[], { keys: [] }]) {
      expect(await parse(document)).toEqual({ keys: [], problems: [] });
    }
  });
  test.each([
    ["nothing", ""],
    ["spaces", "  \n"],
    ["half of a list", JSON.stringify([rs.entry]).slice(0, -10)],
    ["a list and more", `${JSON.stringify([rs.entry])}]`],
    ["HTML", "<!doctype html><title>502</title>"],
    ["a byte order mark", `\ufeff${JSON.stringify([rs.entry])}`],
    ["a member twice", `{"keys":[],"keys":[${JSON.stringify(rs.jwk)}]}`],
    ["a text", '"keys"'],
    ["a number", "7"],
    ["null", "null"],
    ["an object without keys", "{}"],
    ["keys that are no list", { keys: { a: rs.jwk } }],
    ["keys that are null", { keys: null }],
    ["a list of texts", ["key"]],
    ["a list with null", [rs.entry, null]],
    ["a list in a list", [[rs.entry]]],
    ["a set too deep", `${'{"a":'.repeat(100)}1${"}".repeat(100)}`],
    ["1001 keys", Array.from({ length: 1001 }, () => secret.entry)],
  ])("refuses %s, so that the last good set stays", async (_, document) => {
    expect(parse(document)).rejects.toThrow(KeySetError);
  });
  test("takes 1000 keys", async () => {
    const list = Array.from({ length: 1000 }, (_, at) => ({ ...secret.entry, kid: `k${at}` }));
    expect((await parse(list)).keys).toHaveLength(1000);
  });
  test("never quotes the text in its error", async () => {
    const error = await parse(`[{"kid":"a","secret":"hunter2"`).catch((e: unknown) => e);
    expect(String(error)).not.toContain("hunter2");
  });
  test("takes a key that stands there twice once, and one with two algorithms twice", async () => {
    const twice = await parse([rs.entry, rs.entry, { ...rs.entry, alg: "RS256" }]);
    expect(twice.keys.map(({ declaredAlg }) => declaredAlg)).toEqual([undefined, "RS256"]);
    const both = await parse([
      { ...rsa, kid: "a", alg: "RS256" },
      { ...rsa, kid: "a", alg: "PS256" },
    ]);
    expect(both.keys.map(({ declaredAlg }) => declaredAlg)).toEqual(["RS256", "PS256"]);
  });
  test("keeps two keys of one kid", async () => {
    const { keys } = await parse([rs.entry, { ...es.entry, kid: "rs" }]);
    expect(keys.map(({ kid, kty }) => [kid, kty])).toEqual([
      ["rs", "RSA"],
      ["rs", "EC"],
    ]);
  });
  test("takes an empty kid for none, and strange ones as they are", async () => {
    const kids = ["", "__proto__", "constructor", "../../etc/passwd", "k".repeat(8192), "é 'x'--"];
    const { keys } = await parse(kids.map((kid) => ({ ...secret.entry, kid })));
    expect(keys.map(({ kid }) => kid)).toEqual([undefined, ...kids.slice(1)]);
  });
  test("gives the thumbprint of RFC 7638, whatever the format", async () => {
    const expected = await calculateJwkThumbprint(rsa);
    for (const entry of [rs.entry, rs.jwk, { ...rsa, x5t: "x", key_ops: ["verify"] }]) {
      expect((await parse([entry])).keys[0]?.thumbprint).toBe(expected);
    }
  });
  test("binds each key to the source's issuer", async () => {
    const options = { source: "s", issuer: "https://a", allowShortSecrets: false };
    const { keys } = await parseKeySet(JSON.stringify([rs.entry]), options);
    expect(keys).toMatchObject([{ issuer: "https://a", source: "s" }]);
  });
});
