/** Base64url as RFC 7515 §2 wants it: no padding, no other alphabet, no line breaks, no loose bits. */

const ALPHABET = /^[A-Za-z0-9_-]*$/;
/** What the last character of a group of two or three may be: its unused bits are zero (RFC 4648 §3.5). */
const LAST_OF_TWO = "AQgw";
const LAST_OF_THREE = "AEIMQUYcgkosw048";

/** Decodes strictly; undefined where the text is not the one encoding of some bytes. */
export function decodeBase64url(text: string): Uint8Array | undefined {
  if (!isBase64url(text)) return undefined;
  return Buffer.from(text, "base64url");
}

/** Tells whether a text is the canonical base64url encoding of some bytes, the empty ones included. */
export function isBase64url(text: string): boolean {
  if (!ALPHABET.test(text)) return false;
  switch (text.length % 4) {
    case 0:
      return true;
    case 2:
      return LAST_OF_TWO.includes(text.charAt(text.length - 1));
    case 3:
      return LAST_OF_THREE.includes(text.charAt(text.length - 1));
    default:
      return false;
  }
}
