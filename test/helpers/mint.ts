/** Tokens from parts: everything that must be possible to say, the wrong things too. */
import type { SigningKey } from "./signing-keys.ts";

/** A part of a token: bytes as they are, a string as its UTF-8, anything else as JSON. */
export type Part = unknown;

/** The bytes of a part. */
export function toPartBytes(part: Part): Buffer {
  if (Buffer.isBuffer(part)) return part;
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part));
}

/** A part in base64url without padding. */
export function encode(part: Part): string {
  return toPartBytes(part).toString("base64url");
}

/** The header that a key's tokens have. */
export function headerOf(key: SigningKey): Record<string, unknown> {
  return { alg: key.alg, typ: "JWT", kid: key.kid };
}

/** A compact JWS over a payload; `header` replaces the key's own. */
export function mint(key: SigningKey, payload: Part, header: Part = headerOf(key)): string {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${key.sign(Buffer.from(signed)).toString("base64url")}`;
}

/** A compact JWS over parts that are given in their encoded form: for encodings that must be refused. */
export function mintEncoded(key: SigningKey, header: string, payload: string): string {
  const signed = `${header}.${payload}`;
  return `${signed}.${key.sign(Buffer.from(signed, "latin1")).toString("base64url")}`;
}

/** The parts of a compact token. */
export function splitToken(token: string): string[] {
  return token.split(".");
}

/** Puts something else in one part's place. */
export function withPart(token: string, index: number, part: string): string {
  const parts = splitToken(token);
  parts[index] = part;
  return parts.join(".");
}

/**
 * Says what a token looks like without saying what it is: how many parts, how long, and whether all of it is
 * base64url. What a failing test prints.
 */
export function shapeOf(token: string): string {
  const parts = splitToken(token);
  const odd = token.replaceAll(/[A-Za-z0-9_.-]/g, "").length;
  return `${parts.length} parts of ${parts.map((p) => p.length).join(", ")} characters, ${odd} of them not base64url`;
}
