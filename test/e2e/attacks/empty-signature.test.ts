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
    const signed = (data: Buffer) => withPart(token, 2, data.toString("base64url"));
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(0) ^ 1, 0);
    const lastFlipped = Buffer.from(bytes);
    lastFlipped.writeUInt8(lastFlipped.readUInt8(bytes.length - 1) ^ 0x80, bytes.length - 1);
    return [
      { name: `${name} with an empty signature`, token: withPart(token, 2, "") },
      { name: `${name} without the last dot`, token: splitToken(token).slice(0, 2).join(".") },
      { name: `${name} with one byte of zero`, token: signed(Buffer.alloc(1)) },
      { name: `${name} with zeros of the right length`, token: signed(Buffer.alloc(bytes.length)) },
      { name: `${name} with a signature cut by a byte`, token: signed(bytes.subarray(0, -1)) },
      {
        name: `${name} with a signature cut in half`,
        token: signed(bytes.subarray(0, bytes.length / 2)),
      },
      { name: `${name} with a byte more`, token: signed(Buffer.concat([bytes, Buffer.alloc(1)])) },
      { name: `${name} with the signature twice`, token: signed(Buffer.concat([bytes, bytes])) },
      { name: `${name} with a bit of its first byte turned`, token: signed(flipped) },
      { name: `${name} with a bit of its last byte turned`, token: signed(lastFlipped) },
    ];
  }),
});
