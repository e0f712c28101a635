import { describe, expect, test } from "bun:test";
import { isSmallOrderPoint } from "../../../src/core/jwks/small-order.ts";
import { ed, read } from "./entries.ts";

const P = 2n ** 255n - 19n;

/** 32 bytes, little-endian. */
function encode(value: bigint): Buffer {
  return Buffer.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex").toReversed());
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = base % P, e = exponent; e > 0n; e >>= 1n, b = (b * b) % P) {
    if (e & 1n) result = (result * b) % P;
  }
  return result;
}

/** The y of every point of order 1, 2, 4 and 8, worked out from the curve (RFC 8032 §5.1). */
function smallOrderYs(): readonly bigint[] {
  const invert = (value: bigint) => power(value, P - 2n);
  const d = ((P - 121665n) * invert(121666n)) % P;
  // Order 8: x² = y² up to sign and doubling gives y = 0, so d·y⁴ + 2·y² − 1 = 0 for −x² + y² = 1 + d·x²·y².
  const root = (value: bigint): bigint | undefined => {
    const i = power(2n, (P - 1n) / 4n);
    const candidate = power(value, (P + 3n) / 8n);
    return [candidate, (candidate * i) % P].find((r) => (r * r) % P === ((value % P) + P) % P);
  };
  const ys = [0n, 1n, P - 1n];
  const s = root((1n + d) % P);
  for (const sign of [1n, P - 1n]) {
    const square = (((P - 1n + sign * (s ?? 0n)) % P) * invert(d)) % P;
    const y = root(square);
    if (y !== undefined) ys.push(y, P - y);
  }
  return ys;
}

describe("isSmallOrderPoint", () => {
  const ys = smallOrderYs();

  test("knows every y of a point whose order divides 8, in every encoding", () => {
    expect(ys).toHaveLength(5);
    for (const y of ys) {
      // A y below 19 has a second encoding, beyond the prime.
      const encodings = [y, y + P].filter((value) => value < 2n ** 255n);
      for (const value of encodings) {
        expect(isSmallOrderPoint(encode(value))).toBe(true);
        expect(isSmallOrderPoint(encode(value + 2n ** 255n))).toBe(true);
      }
    }
  });

  test("takes no other point for one, nor other lengths", () => {
    for (const y of [2n, 3n, P - 2n, P + 2n, P + 18n, 2n ** 254n]) {
      expect(isSmallOrderPoint(encode(y))).toBe(false);
    }
    for (const bytes of [undefined, Buffer.alloc(0), Buffer.alloc(31), Buffer.alloc(33)]) {
      expect(isSmallOrderPoint(bytes)).toBe(false);
    }
  });

  test("keeps such a key out of the ring, beside a good one", async () => {
    for (const y of ys.flatMap((value) => [value, value + 2n ** 255n])) {
      const x = encode(y).toString("base64url");
      expect(await read({ kty: "OKP", crv: "Ed25519", x, alg: "EdDSA" })).toMatch(/small order/);
    }
    expect(await read(ed.jwk)).toBe("EdDSA Ed25519");
  });
});
