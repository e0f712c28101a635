import { expect } from "bun:test";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { type Attack, describeAttacks } from "../../helpers/attack-suite.ts";
import { createDecryptionKey, encrypt, withoutAlg } from "../../helpers/decryption-keys.ts";
import type { Edge } from "../../helpers/edge.ts";
import { encryptByHand } from "../../helpers/jwe-parts.ts";
import { encode, mint, splitToken, withPart } from "../../helpers/mint.ts";
import { deflateWithSpaces, encryptPbes2, encryptRsa15 } from "../../helpers/refused-jwe.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const text = JSON.stringify(claims());
const inner = mint(keys.rs, text);
const nested = { cty: "JWT" };
const MAX_TOKEN_BYTES = 8192;
const ROUNDS = 21;

const rsa = withoutAlg(createDecryptionKey("RSA-OAEP-256", "A256GCM", "rsa"));
const password = withoutAlg(createDecryptionKey("dir", "A192GCM", "password"));
const gcm = withoutAlg(createDecryptionKey("dir", "A256GCM", "gcm"));
const gcmSecret = Buffer.from(String(gcm.jwk["k"]), "base64url");

/** Encrypted well, under a header that says how the text is packed. */
function encryptPacked(packed: Buffer, zip: string = "DEF"): string {
  const header = { alg: gcm.alg, enc: gcm.enc, kid: gcm.kid, zip };
  return encryptByHand(gcmSecret, "A256GCM", header, packed);
}

// Claims that would be accepted, in a token that is as long as one may be.
const overhead = encryptPacked(Buffer.alloc(0)).length;
const bomb = deflateWithSpaces(text, Math.floor((MAX_TOKEN_BYTES - overhead) * 0.75));

const pbes2 = ["PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"].map(
  (alg): Attack => ({
    name: `${alg} with p2c 1000`,
    token: encryptPbes2(password, alg, 1000, text),
    detail: "algorithm",
  }),
);

/** A true one takes its maker as long as its reader. Who followed the number would not answer in time, and not this. */
async function withRoundsWithoutEnd(): Promise<string> {
  const token = await encryptPbes2(password, "PBES2-HS256+A128KW", 1000, text);
  const header: unknown = JSON.parse(
    Buffer.from(splitToken(token)[0] ?? "", "base64url").toString(),
  );
  return withPart(token, 0, encode({ ...Object(header), p2c: 2 ** 31 }));
}

describeAttacks("encryption that is whole, by algorithms that are not accepted", {
  edge: { keys, decryptFile: { keys: [rsa, password, gcm].map((key) => key.jwk) } },
  controls: [
    { name: "RSA-OAEP-256 to the RSA key", token: encrypt(rsa, inner, nested) },
    { name: "RSA-OAEP to it", token: encrypt({ ...rsa, alg: "RSA-OAEP" }, inner, nested) },
    { name: "dir by the password's bytes", token: encrypt(password, text) },
    { name: "A192KW by them", token: encrypt({ ...password, alg: "A192KW" }, text) },
    { name: "the claims that are packed", token: encrypt(gcm, text) },
  ],
  attacks: [
    { name: "RSA1_5", token: encryptRsa15(rsa, inner, nested), detail: "algorithm" },
    ...pbes2,
    { name: "PBES2 with p2c 2^31", token: withRoundsWithoutEnd(), detail: "algorithm" },
    { name: "zip: claims", token: encryptPacked(deflateRawSync(text)), detail: "algorithm" },
    { name: "zip: claims in 6 MB of spaces", token: encryptPacked(bomb), detail: "algorithm" },
    {
      name: "zip of another name",
      token: encryptPacked(deflateRawSync(text), "GZIP"),
      detail: "algorithm",
    },
  ],
  afterwards: async (edge) => {
    expect(encryptPacked(bomb).length).toBeLessThanOrEqual(MAX_TOKEN_BYTES);
    expect(inflateRawSync(bomb).length).toBeGreaterThan(5_500_000);
    // Question and answer together take less time than unpacking would.
    const unpackMs = await fastest(() => inflateRawSync(bomb));
    expect(await fastest(() => askWithBomb(edge))).toBeLessThan(unpackMs);
  },
});

/** Asks the server itself, with a token that it has not seen. */
async function askWithBomb(edge: Edge): Promise<void> {
  expect(await edge.server.judge(encryptPacked(bomb))).toMatchObject({ detail: "algorithm" });
}

/** Milliseconds: what the machine does beside only adds to them. */
async function fastest(work: () => unknown): Promise<number> {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    await work();
    leastMs = Math.min(leastMs, performance.now() - startedAt);
  }
  return leastMs;
}
