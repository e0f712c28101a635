/** Recognises RSA keys of the Infineon generator whose private half can be worked out (CVE-2017-15361, "ROCA"). */

/** Primes modulo which such a modulus is always a power of 65537; by chance all hold once in 2^27. */
const PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157] as const;
const GENERATOR = 65_537;

/** Tells whether a modulus, big-endian, has the generator's fingerprint. */
export function hasRocaFingerprint(modulus: Uint8Array): boolean {
  return modulus.length > 0 && PRIMES.every((prime) => isPower(remainder(modulus, prime), prime));
}

function remainder(modulus: Uint8Array, prime: number): number {
  let rest = 0;
  for (const byte of modulus) rest = (rest * 256 + byte) % prime;
  return rest;
}

function isPower(value: number, prime: number): boolean {
  let power = 1;
  for (let exponent = 0; exponent < prime; exponent += 1) {
    if (power === value) return true;
    power = (power * GENERATOR) % prime;
  }
  return false;
}
