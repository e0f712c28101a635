import { describe, expect, test } from "bun:test";
import { parseIssuers } from "../../src/config/issuers.ts";
import { ValueProblem } from "../../src/config/values.ts";

const A = "https://a.example";

describe("parseIssuers", () => {
  test("takes no tables for none", () => {
    expect(parseIssuers(undefined)).toEqual([]);
    expect(parseIssuers([])).toEqual([]);
  });

  test("reads a table with everything, and one with nothing but its issuer", () => {
    const full = {
      issuer: A,
      jwks_file: ["/a.json"],
      jwks_url: "https://a.example/k",
      discovery: true,
      audience: ["x", "y"],
      algorithms: "ES256",
      typ: ["at+jwt"],
    };
    expect(parseIssuers([full, { issuer: "urn:b" }])).toEqual([
      {
        issuer: A,
        jwksFiles: ["/a.json"],
        jwksUrls: ["https://a.example/k"],
        discovery: true,
        audience: new Set(["x", "y"]),
        algorithms: new Set(["ES256"]),
        typ: new Set(["at+jwt"]),
      },
      {
        issuer: "urn:b",
        jwksFiles: [],
        jwksUrls: [],
        discovery: false,
        audience: undefined,
        algorithms: undefined,
        typ: undefined,
      },
    ]);
  });

  test.each<readonly [name: string, value: unknown, problem: RegExp]>([
    ["one table for a list", { issuer: A }, /\[\[issuers\]\]/],
    ["a text", A, /\[\[issuers\]\]/],
    ["a list of texts", [A], /table 1: not a table/],
    ["null", [null], /table 1: not a table/],
    ["no issuer", [{ audience: "x" }], /table 1: needs issuer/],
    ["an empty issuer", [{ issuer: "" }], /table 1: needs issuer/],
    ["an issuer list", [{ issuer: [A] }], /table 1: needs issuer/],
    ["a second table without issuer", [{ issuer: A }, {}], /table 2: needs issuer/],
    ["an issuer twice", [{ issuer: A }, { issuer: A }], /twice/],
    ["an unknown member", [{ issuer: A, jwks: "x" }], /table 1: knows no jwks/],
    ["an inherited member", [{ issuer: A, constructor: "x" }], /knows no constructor/],
    ["discovery in words", [{ issuer: A, discovery: "yes" }], /discovery must be/],
    ["discovery of what is no address", [{ issuer: "urn:a", discovery: true }], /http/],
    ["keys in a file: address", [{ issuer: A, jwks_url: "file:///k" }], /http/],
    ["keys at no address at all", [{ issuer: A, jwks_url: "https://" }], /http/],
    ["keys at half an address", [{ issuer: A, jwks_url: ["https://a/k", "a/k"] }], /http/],
    ["a number for a file", [{ issuer: A, jwks_file: 5 }], /jwks_file must be/],
    ["an empty audience", [{ issuer: A, audience: "" }], /audience must be/],
    ["an audience in a list in a list", [{ issuer: A, audience: [["x"]] }], /audience must be/],
    ["the algorithm none", [{ issuer: A, algorithms: "none" }], /algorithms holds/],
    ["an algorithm in lower case", [{ issuer: A, algorithms: ["es256"] }], /algorithms holds/],
    [
      "an encryption that proves nothing",
      [{ issuer: A, algorithms: ["RSA-OAEP"] }],
      /algorithms holds/,
    ],
  ])("refuses %s", (_, value, problem) => {
    expect(() => parseIssuers(value)).toThrow(ValueProblem);
    expect(() => parseIssuers(value)).toThrow(problem);
  });

  test("names every bad table at once", () => {
    const tables = [{ issuer: A, jwks: "x", aud: "y" }, { issuer: "urn:b" }, {}];
    expect(() => parseIssuers(tables)).toThrow(
      "table 1: knows no jwks, no aud; table 3: needs issuer",
    );
  });

  test("takes the encryption of a shared key beside signatures", () => {
    expect(parseIssuers([{ issuer: A, algorithms: ["RS256", "dir"] }])).toMatchObject([
      { algorithms: new Set(["RS256", "dir"]) },
    ]);
  });

  test("names everything that is wrong in a table, and an issuer that comes twice beside it", () => {
    const bad = {
      jwks: "x",
      discovery: "yes",
      jwks_url: "file:///k",
      algorithms: ["none"],
      audience: 5,
      typ: "",
    };
    const named = { issuer: A, discovery: true };
    expect(parseIssuers([named])).toHaveLength(1);
    expect(() => parseIssuers([named, bad, named])).toThrow(
      "table 2: knows no jwks, " +
        'needs issuer = "…", ' +
        "discovery must be true or false, " +
        "keys can be fetched only from http:// or https:// addresses, " +
        "algorithms holds one that is not supported, " +
        "audience must be a text or a list of texts, " +
        "typ must be a text or a list of texts; names an issuer twice",
    );
  });

  test("takes an empty list for none allowed, not for any", () => {
    expect(parseIssuers([{ issuer: A, audience: [], algorithms: [] }])).toMatchObject([
      { audience: new Set(), algorithms: new Set() },
    ]);
  });
});
