/** Tokens that a key cannot decrypt, each for another reason (RFC 7516 §11.5). */
import { createDecryptionKey, type DecryptionKey, encrypt } from "./decryption-keys.ts";
import { encode, splitToken, withPart } from "./mint.ts";

/** A JWE that holds a signed token, as it must for a public key (RFC 7519 §5.2). */
export function nest(to: DecryptionKey, inner: string): Promise<string> {
  return encrypt(to, inner, { cty: "JWT" });
}

/** A token whose content key was wrapped well, and is of the size for another encryption. */
export async function withShortKey(to: DecryptionKey, inner: string): Promise<string> {
  const token = await nest({ ...to, enc: "A128GCM" }, inner);
  const header: unknown = JSON.parse(
    Buffer.from(splitToken(token)[0] ?? "", "base64url").toString(),
  );
  return withPart(token, 0, encode({ ...Object(header), enc: to.enc }));
}

/**
 * A token whose content key was wrapped for another key. Of RSA one that is below the key's modulus: what is not
 * is refused without the private key (RFC 8017 §5.1.2), sooner, and whoever has the public key knows it beforehand.
 */
export async function forAnother(to: DecryptionKey, inner: string): Promise<string> {
  for (;;) {
    const token = await nest(createDecryptionKey(to.alg, to.enc, to.kid), inner);
    const modulus = to.jwk["n"];
    if (typeof modulus !== "string") return token;
    if (toNumber(splitToken(token)[1] ?? "") < toNumber(modulus)) return token;
  }
}

/** The number that base64url stands for (RFC 7518 §2). */
function toNumber(base64url: string): bigint {
  return BigInt(`0x${Buffer.from(base64url, "base64url").toString("hex")}`);
}

/** A token with the last byte of a part changed: what RSA wrapped stays below the modulus. */
export function damaged(token: string, part: number): string {
  const bytes = Buffer.from(splitToken(token)[part] ?? "", "base64url");
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  return withPart(token, part, bytes.toString("base64url"));
}
