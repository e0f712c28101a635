import { describeAttacks } from "../../helpers/attack-suite.ts";
import { mint, splitToken, withPart } from "../../helpers/mint.ts";
import { ALGORITHMS, createSigningKey } from "../../helpers/signing-keys.ts";
import { claims } from "../../helpers/tokens.ts";

const all = ALGORITHMS.map((alg) => createSigningKey(alg));
const good = all.map((key) => ({ name: key.alg, token: mint(key, claims()) }));

describeAttacks("signatures that are missing, cut or not the token's own", {
  edge: { keyFile: { keys: all.map((key) => key.jwk) } },
  controls: good,
  attacks: good.flatMap(({ name, token }) => {
    const signature = splitToken(token)[2] ?? "";
    const bytes = Buffer.from(signature, "base64url");
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(0) ^ 1, 0);
    const lastFlipped = Buffer.from(bytes);
    lastFlipped.writeUInt8(lastFlipped.readUInt8(bytes.length - 1) ^ 0x80, bytes.length - 1);
    const signatures: readonly (readonly [string, Buffer])[] = [
      ["an empty signature", Buffer.alloc(0)],
      ["one byte of zero", Buffer.alloc(1)],
      ["zeros of the right length", Buffer.alloc(bytes.length)],
      ["a signature cut by a byte", bytes.subarray(0, -1)],
      ["a signature cut in half", bytes.subarray(0, bytes.length / 2)],
      ["a byte more", Buffer.concat([bytes, Buffer.alloc(1)])],
      ["the signature twice", Buffer.concat([bytes, bytes])],
      ["a bit of its first byte turned", flipped],
      ["a bit of its last byte turned", lastFlipped],
    ];
    return [
      ...signatures.map(([what, other]) => ({
        name: `${name} with ${what}`,
        token: withPart(token, 2, other.toString("base64url")),
        detail: "signature",
      })),
      {
        name: `${name} without the last dot`,
        token: splitToken(token).slice(0, 2).join("."),
        detail: "malformed",
      },
    ];
  }),
});
