import { describe, expect, test } from "bun:test";
import { hasRocaFingerprint } from "../../../src/core/jwks/roca.ts";
import { modulus, read, rsa } from "./entries.ts";

/** The product of the primes up to 701, of which the broken generator makes its own (CVE-2017-15361). */
const M = primesUpTo(701).reduce((product, prime) => product * prime, 1n);

function primesUpTo(limit: number): readonly bigint[] {
  const found: bigint[] = [];
  for (let n = 2n; n <= BigInt(limit); n += 1n) {
    if (found.every((prime) => n % prime !== 0n)) found.push(n);
  }
  return found;
}

function power(exponent: bigint): bigint {
  let result = 1n;
  for (let at = 0n; at < exponent; at += 1n) result = (result * 65_537n) % M;
  return result;
}

/** A modulus of 2048 bits as the generator's are: (k·M + 65537^a) · (l·M + 65537^b). */
function broken(a: bigint, b: bigint): Uint8Array {
  const size = 3n << 1022n;
  const factor = (exponent: bigint) => (size / M + 3n + exponent) * M + power(exponent);
  return Buffer.from((factor(a) * factor(b)).toString(16), "hex");
}

describe("hasRocaFingerprint", () => {
  test("knows moduli of the broken generator", () => {
    for (const [a, b] of [
      [1n, 2n],
      [37n, 900n],
      [1234n, 77n],
    ] as const) {
      expect(hasRocaFingerprint(broken(a, b))).toBe(true);
    }
  });

  test("takes no other modulus for one", () => {
    expect(hasRocaFingerprint(Buffer.from(String(rsa["n"]), "base64url"))).toBe(false);
    for (let turn = 0; turn < 1000; turn += 1) {
      expect(hasRocaFingerprint(Buffer.from(modulus(2048), "base64url"))).toBe(false);
    }
    expect(hasRocaFingerprint(new Uint8Array())).toBe(false);
  });

  test("keeps such a key out of the ring, beside a good one", async () => {
    const n = Buffer.from(broken(1n, 2n)).toString("base64url");
    expect(await read({ ...rsa, n })).toMatch(/CVE-2017-15361/);
    expect(await read(rsa)).toBe("RS256 RS384 RS512");
  });
});
