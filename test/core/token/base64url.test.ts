import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { decodeBase64url, isBase64url } from "../../../src/core/token/base64url.ts";

function takenOf(length: number, ends: readonly string[]): number {
  return ends.filter((end) => isBase64url("A".repeat(length - end.length) + end)).length;
}

describe("decodeBase64url", () => {
  test("gives back what was encoded, for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64url");
        expect(isBase64url(text)).toBe(true);
        expect(Buffer.from(decodeBase64url(text) ?? [])).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test("takes one encoding for each bytes: whatever else decodes to them is refused", () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const singles = alphabet.split("");
    expect(takenOf(2, singles)).toBe(4);
    expect(takenOf(3, singles)).toBe(16);
    expect(takenOf(4, singles)).toBe(64);
    expect(takenOf(1, singles)).toBe(0);
    expect(takenOf(5, singles)).toBe(0);
  });

  test.each([
    ["padding", "QQ=="],
    ["half of the padding", "QQ="],
    ["padding that belongs nowhere", "QUJD="],
    ["padding in the middle", "QQ==QQ"],
    ["a plus", "a+bc"],
    ["a slash", "a/bc"],
    ["a space", "QU JD"],
    ["a space at the end", "QUJD "],
    ["a line break", "QU\nJD"],
    ["a line break at the end", "QUJD\n"],
    ["a carriage return at the end", "QUJD\r"],
    ["a tab", "\tQUJD"],
    ["NUL", "QUJD\u0000"],
    ["a dot", "QU.JD"],
    ["one character", "A"],
    ["five characters", "QUJDR"],
    ["loose bits after one byte", "QR"],
    ["loose bits after two bytes", "QUJ"],
    ["a letter of another script", "QUJÐ"],
    ["a full-width letter", "QUJＤ"],
    ["a combining mark", "QUJD\u0301"],
    ["a percent sign", "QQ%3D%3D"],
  ])("refuses %s", (_, text) => {
    expect(isBase64url(text)).toBe(false);
    expect(decodeBase64url(text)).toBeUndefined();
    expect(decodeBase64url("QUJD")).toEqual(Buffer.from("ABC"));
  });

  test("takes the empty text for no bytes", () => {
    expect(decodeBase64url("")).toEqual(Buffer.alloc(0));
  });
});
