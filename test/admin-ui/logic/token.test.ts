import { describe, expect, test } from "bun:test";
import { claimText, decodeToken, isDecoded } from "../../../src/admin-ui/logic/token.ts";

const encode = (text: string | Uint8Array) => Buffer.from(text).toString("base64url");
const HEADER = encode('{"alg":"RS256"}');
const TOKEN = `${HEADER}.${encode('{"sub":"bob","n":1712345678901234567}')}.c2ln`;

describe("a pasted token", () => {
  test.each([
    ["as it is", TOKEN],
    ["with its header line", `Authorization: Bearer ${TOKEN}\r\n`],
    ["with another scheme", `JWT ${TOKEN}`],
    ["in quotes", ` "${TOKEN}", `],
    ["broken over lines", `${TOKEN.slice(0, 20)}\n  ${TOKEN.slice(20)}`],
  ])("is found %s", (_, pasted) => {
    const token = decodeToken(pasted);
    if (!isDecoded(token)) throw new Error(token);
    expect(token.compact).toBe(TOKEN);
    expect(claimText(token.claims, "sub")).toBe("bob");
    expect(claimText(token.claims, "n")).toBe("1712345678901234567");
    expect(claimText(token.claims, "missing")).toBeUndefined();
  });

  test("that is encrypted shows its header only", () => {
    const token = decodeToken(`${encode('{"alg":"dir"}')}..aXY.Y3Q.dGFn`);
    expect(isDecoded(token) && token.kind).toBe("JWE");
    expect(isDecoded(token) && token.claims).toBeUndefined();
  });

  test.each([
    ["nothing", "  "],
    ["a word", "hello"],
    ["four parts", "a.b.c.d"],
    ["other characters", `${HEADER}.a$b.c`],
    ["a header that is no JSON", `${encode("{")}.${HEADER}.x`],
    ["a header that is no object", `${encode("[1]")}.${HEADER}.x`],
    ["claims that are no UTF-8", `${HEADER}.${encode(Uint8Array.of(0x7b, 0xff, 0x7d))}.x`],
    ["claims with a name twice", `${HEADER}.${encode('{"a":1,"a":2}')}.x`],
    ["more than can be one", `${HEADER}.${"a".repeat(65_536)}.x`],
  ])("is not taken from %s, and a sentence says why", (_, pasted) => {
    const outcome = decodeToken(pasted);
    expect(isDecoded(outcome) ? "a token" : outcome).toMatch(/[.?]$/);
  });
});
