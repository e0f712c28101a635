import { describe, expect, test } from "bun:test";
import { createIsVerifier } from "../../src/http/verifier-key.ts";

const KEY = "0123456789abcdef-one";
const NEXT = "0123456789abcdef-two";

describe("createIsVerifier", () => {
  test.each([
    ["as it is", `Bearer ${KEY}`],
    ["with the scheme in another case", `bEARER ${KEY}`],
    ["after several spaces", `Bearer   ${KEY}`],
  ])("takes the key %s", (_, line) => {
    const isVerifier = createIsVerifier([KEY]);
    expect(isVerifier(line)).toBe(true);
    expect(isVerifier(line)).toBe(true);
  });

  test.each([
    ["no header", null],
    ["an empty one", ""],
    ["the key alone", KEY],
    ["another scheme", `Basic ${KEY}`],
    ["a scheme that only begins so", `BearerX ${KEY}`],
    ["no key", "Bearer "],
    ["a part of it", `Bearer ${KEY.slice(0, -1)}`],
    ["more than it", `Bearer ${KEY}x`],
    ["a blank after it", `Bearer ${KEY} `],
    ["a blank before the scheme", ` Bearer ${KEY}`],
    ["a tab for the space", `Bearer\t${KEY}`],
    ["a line break after it", `Bearer ${KEY}\n`],
    ["two keys", `Bearer ${KEY},${NEXT}`],
    ["the other case", `Bearer ${KEY.toUpperCase()}`],
    ["another key of its length", `Bearer ${"x".repeat(KEY.length)}`],
    ["a text of its length that is not ASCII", `Bearer ${KEY.slice(0, -1)}é`],
    ["a text of its length that is all of it not ASCII", "é".repeat(7 + KEY.length)],
  ])("refuses %s, before and after the right one was seen", (_, line) => {
    const isVerifier = createIsVerifier([KEY]);
    expect(isVerifier(line)).toBe(false);
    expect(isVerifier(`Bearer ${KEY}`)).toBe(true);
    expect(isVerifier(line)).toBe(false);
  });

  test("takes both keys while rotating, in any order", () => {
    const isVerifier = createIsVerifier([KEY, NEXT]);
    for (const key of [KEY, NEXT, NEXT, KEY]) expect(isVerifier(`Bearer ${key}`)).toBe(true);
    expect(isVerifier(`Bearer ${KEY}${NEXT}`)).toBe(false);
  });

  test("refuses everything where there is no key", () => {
    const isVerifier = createIsVerifier([]);
    for (const line of ["Bearer ", "Bearer undefined", `Bearer ${KEY}`, null]) {
      expect(isVerifier(line)).toBe(false);
    }
  });
});
