/** The Ed25519 points under which a signature can be made without any key (RFC 8032 §5.1.7, ed25519 §"small order"). */

/**
 * Encodings of the points whose order divides 8, the non-canonical ones included, without the sign bit.
 * Under such a public key one signature verifies for many messages.
 */
const SMALL_ORDER_Y: readonly string[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/** Tells whether 32 bytes encode such a point, whatever their sign bit; other lengths are none. */
export function isSmallOrderPoint(encoded: Uint8Array | undefined): boolean {
  if (encoded?.length !== 32) return false;
  const bytes = Buffer.from(encoded);
  bytes[31] = (bytes[31] ?? 0) & 0x7f;
  return SMALL_ORDER_Y.includes(bytes.toString("hex"));
}
