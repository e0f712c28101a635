import { type Refusal, describeAttacks } from "../../helpers/attack-suite.ts";
import { encode, headerOf, mint, mintEncoded, splitToken, withPart } from "../../helpers/mint.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();

/** Claims whose length leaves two bits over in the last character of their base64url, so that they can be misused. */
function claimsOfLength(rest: number): string {
  for (let pad = ""; ; pad += "x") {
    const text = JSON.stringify(claims({ pad }));
    if (Buffer.byteLength(text) % 3 === rest) return text;
  }
}

const header = encode(headerOf(keys.hs));
const payload = encode(claimsOfLength(2));
const loose: readonly (readonly [string, (part: string) => string])[] = [
  ["padding", (part) => `${part}=`],
  ["double padding", (part) => `${part}==`],
  ["the other alphabet", (part) => `${part.slice(0, -4)}+/${part.slice(-2)}`],
  ["a space inside", (part) => `${part.slice(0, 8)} ${part.slice(8)}`],
  ["a tab inside", (part) => `${part.slice(0, 8)}\t${part.slice(8)}`],
  ["a line break inside", (part) => `${part.slice(0, 8)}\n${part.slice(8)}`],
  ["a carriage return inside", (part) => `${part.slice(0, 8)}\r${part.slice(8)}`],
  ["a NUL inside", (part) => `${part.slice(0, 8)}\0${part.slice(8)}`],
  ["a percent escape", (part) => `${part.slice(0, 8)}%3D${part.slice(8)}`],
  ["a byte over 127", (part) => `${part.slice(0, 8)}\xe9${part.slice(8)}`],
  ["one character too many", (part) => (part.length % 4 === 0 ? `${part}A` : `${part}AAA`)],
  ["a comma inside", (part) => `${part.slice(0, 8)},${part.slice(8)}`],
];

/** The last character with one of its unused bits set: the same bytes, another text. */
function withTrailingBits(part: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(part.slice(-1));
  return `${part.slice(0, -1)}${alphabet[last ^ 1]}`;
}

const good = mint(keys.hs, claimsOfLength(2));
const isUnsendable = (name: string) =>
  /line break|carriage|NUL|space|tab|comma|over 127/.test(name);
/** What comes of a part that is loose; `detail` where HAProxy lets the bytes stand. */
const refused = (name: string, detail = "malformed"): Refusal =>
  isUnsendable(name) ? { isUnsendable: true } : { detail };

describeAttacks("base64url that is not strict", {
  edge: { keys },
  controls: [
    { name: "strict parts", token: mintEncoded(keys.hs, header, payload) },
    ...[0, 1, 2].map((rest) => ({
      name: `claims of 3n+${rest} bytes`,
      token: mint(keys.hs, claimsOfLength(rest)),
    })),
  ],
  attacks: [
    ...loose.flatMap(([name, change]) => [
      {
        name: `${name} in the header, signed so`,
        token: mintEncoded(keys.hs, change(header), payload),
        ...refused(name),
      },
      {
        name: `${name} in the claims, signed so`,
        token: mintEncoded(keys.hs, header, change(payload)),
        ...refused(name),
      },
      {
        name: `${name} in the signature`,
        token: withPart(good, 2, change(splitToken(good)[2] ?? "")),
        // Characters too many may be bytes too many: strict base64url, and no signature.
        ...refused(name, name.includes("too many") ? "signature" : "malformed"),
      },
    ]),
    {
      name: "unused bits set in the claims, signed so",
      token: mintEncoded(keys.hs, header, withTrailingBits(payload)),
      detail: "malformed",
    },
    {
      name: "unused bits set in the signature",
      token: withPart(good, 2, withTrailingBits(splitToken(good)[2] ?? "")),
      detail: "malformed",
    },
    {
      name: "an empty header, signed so",
      token: mintEncoded(keys.hs, "", payload),
      detail: "malformed",
    },
    {
      name: "empty claims, signed so",
      token: mintEncoded(keys.hs, header, ""),
      detail: "malformed",
    },
  ],
});
