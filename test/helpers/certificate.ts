/** X.509 certificates (RFC 5280 §4.1) of keys that tests made, as `x5c` carries them. */
import { createPublicKey, randomBytes } from "node:crypto";
import type { SigningKey } from "./signing-keys.ts";

/** Signature algorithms as DER identifiers (RFC 4055 §5, RFC 5758 §3.2). */
const IDENTIFIERS = new Map([
  ["RS256", "300d06092a864886f70d01010b0500"],
  ["ES256", "300a06082a8648ce3d040302"],
]);
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const SEQUENCE = 0x30;
const SET = 0x31;
const COMMON_NAME = Buffer.from("0603550403", "hex");

/** A certificate that a key signs for itself, in the base64 of RFC 7515 §4.1.6. RS256 and ES256 alone. */
export function certify(key: SigningKey): string {
  const { privateKey } = key;
  const identifier = IDENTIFIERS.get(key.alg);
  if (privateKey === undefined || identifier === undefined) throw new TypeError(key.alg);
  const algorithm = Buffer.from(identifier, "hex");
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, text(UTF8_STRING, key.kid))));
  const validity = der(SEQUENCE, text(UTC_TIME, "200101000000Z"), text(UTC_TIME, "491231235959Z"));
  const serial = der(INTEGER, Buffer.from([1]), randomBytes(8));
  const publicKey = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const signed = der(SEQUENCE, serial, algorithm, name, validity, name, publicKey);
  const signature = der(BIT_STRING, Buffer.from([0]), toDer(key, key.sign(signed)));
  return der(SEQUENCE, signed, algorithm, signature).toString("base64");
}

/** JWS has ECDSA's two numbers side by side, a certificate as a sequence. */
function toDer(key: SigningKey, signature: Buffer): Buffer {
  if (!key.alg.startsWith("ES")) return signature;
  const half = signature.length / 2;
  const numbers = [signature.subarray(0, half), signature.subarray(half)];
  return der(SEQUENCE, ...numbers.map((bytes) => der(INTEGER, shortest(bytes))));
}

/** The bytes of a positive integer: a zero in front only where the first bit would be taken for its sign. */
function shortest(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const rest = bytes.subarray(first < 0 ? bytes.length - 1 : first);
  return rest.readUInt8(0) < 0x80 ? rest : Buffer.concat([Buffer.alloc(1), rest]);
}

function text(tag: number, value: string): Buffer {
  return der(tag, Buffer.from(value));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content), content]);
}

function lengthOf({ length }: Buffer): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.from([0x80 + bytes.length]), bytes]);
}
