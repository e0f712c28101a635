import { createPublicKey, publicEncrypt, randomBytes } from "node:crypto";
import { type Attack, describeAttacks } from "../../helpers/attack-suite.ts";
import { createDecryptionKey, type DecryptionKey, encrypt } from "../../helpers/decryption-keys.ts";
import { encryptByHand } from "../../helpers/jwe-parts.ts";
import { mint, splitToken, withPart } from "../../helpers/mint.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const cbc = createDecryptionKey("dir", "A256CBC-HS512", "cbc");
const gcm = createDecryptionKey("dir", "A256GCM", "gcm");
const wrap = createDecryptionKey("A256KW", "A256GCM", "wrap");
const oaep = createDecryptionKey("RSA-OAEP-256", "A256GCM", "oaep");
const ecdh = createDecryptionKey("ECDH-ES", "A256GCM", "ecdh");

function secretOf(key: DecryptionKey): Buffer {
  return Buffer.from(String(key.jwk["k"]), "base64url");
}

function headerOf(key: DecryptionKey, more: Readonly<Record<string, unknown>> = {}) {
  return { alg: key.alg, enc: key.enc, kid: key.kid, ...more };
}

const text = JSON.stringify(claims());
const inner = (more = {}) => mint(keys.rs, claims(more));

/** A good token of a key with one part changed. */
async function damaged(key: DecryptionKey, part: number, change: (bytes: Buffer) => Buffer) {
  const token = await encrypt(key, text);
  const bytes = Buffer.from(splitToken(token)[part] ?? "", "base64url");
  return withPart(token, part, change(bytes).toString("base64url"));
}

function turnBit(bytes: Buffer): Buffer {
  const turned = Buffer.from(bytes);
  turned.writeUInt8(turned.readUInt8(0) ^ 1, 0);
  return turned;
}

const damages: Attack[] = [cbc, gcm].flatMap((key) => [
  { name: `${key.enc} with a bad tag`, token: damaged(key, 4, turnBit), detail: "decrypt" },
  ...[0, 1, 4, 8, 12, 15].map((size) => ({
    name: `${key.enc} with a tag of ${size} bytes`,
    token: damaged(key, 4, (tag) => tag.subarray(0, size)),
    detail: "decrypt",
  })),
  {
    name: `${key.enc} with a longer tag`,
    token: damaged(key, 4, (tag) => Buffer.concat([tag, Buffer.alloc(16)])),
    detail: "decrypt",
  },
  { name: `${key.enc} with changed text`, token: damaged(key, 3, turnBit), detail: "decrypt" },
  {
    name: `${key.enc} with cut text`,
    token: damaged(key, 3, (b) => b.subarray(0, -1)),
    detail: "decrypt",
  },
  {
    name: `${key.enc} with no text`,
    token: damaged(key, 3, () => Buffer.alloc(0)),
    detail: "decrypt",
  },
  { name: `${key.enc} with a changed iv`, token: damaged(key, 2, turnBit), detail: "decrypt" },
  {
    name: `${key.enc} with no iv`,
    token: damaged(key, 2, () => Buffer.alloc(0)),
    detail: "decrypt",
  },
  {
    name: `${key.enc} with an iv too long`,
    token: damaged(key, 2, (b) => Buffer.concat([b, b])),
    detail: "decrypt",
  },
  {
    name: `${key.enc} with an encrypted key where dir has none`,
    token: damaged(key, 1, () => randomBytes(32)),
    detail: "decrypt",
  },
]);

const SWITCHED: readonly (readonly [string, object, detail: string])[] = [
  ["A256KW over dir's key", { alg: "A256KW" }, "unknown_key"],
  [
    "A256GCMKW over dir's key",
    { alg: "A256GCMKW", iv: "AAAAAAAAAAAAAAAA", tag: "AAAAAAAAAAAAAAAAAAAAAA" },
    "unknown_key",
  ],
  ["none", { alg: "none" }, "algorithm"],
  ["HS256", { alg: "HS256" }, "algorithm"],
  ["Dir", { alg: "Dir" }, "algorithm"],
  ["null", { alg: null }, "malformed"],
  ["a list", { alg: ["dir"] }, "malformed"],
];
const switched: Attack[] = SWITCHED.map(([name, more, detail]) => ({
  name: `alg switched to ${name}`,
  token: encryptByHand(secretOf(gcm), "A256GCM", { ...headerOf(gcm), ...more }, text),
  detail,
}));

const ENC_SWITCHED: readonly (readonly [enc: unknown, detail: string])[] = [
  ["A128GCM", "unknown_key"],
  ["A256CBC-HS512", "unknown_key"],
  ["a256gcm", "algorithm"],
  ["none", "algorithm"],
  ["", "algorithm"],
  [null, "malformed"],
  [1, "malformed"],
  [["A256GCM"], "malformed"],
];
const encSwitched: Attack[] = ENC_SWITCHED.map(([enc, detail]) => ({
  name: `enc switched to ${JSON.stringify(enc)}`,
  token: encryptByHand(secretOf(gcm), "A256GCM", headerOf(gcm, { enc }), text),
  detail,
}));

/** Encrypted to a public key that signs: whoever knows the public key can do so. */
function toSigningKeyOf(alg: string): string {
  if (keys.rs.privateKey === undefined) throw new TypeError("not an RSA key");
  const contentKey = randomBytes(32);
  const oaepHash = alg === "RSA-OAEP" ? "sha1" : "sha256";
  const key = createPublicKey(keys.rs.privateKey);
  const encryptedKey = publicEncrypt({ key, oaepHash }, contentKey);
  return encryptByHand(contentKey, "A256GCM", { alg, enc: "A256GCM", kid: keys.rs.kid }, text, {
    encryptedKey,
  });
}

const EPHEMERAL: readonly (readonly [string, unknown])[] = [
  ["off its curve", { kty: "EC", crv: "P-256", x: "A".repeat(42) + "E", y: "A".repeat(42) + "E" }],
  ["at infinity", { kty: "EC", crv: "P-256", x: "", y: "" }],
  ["of zeros", { kty: "EC", crv: "P-256", x: "A".repeat(43), y: "A".repeat(43) }],
  ["on another curve", createDecryptionKey("ECDH-ES", "A256GCM").jwk],
  ["that is a list", []],
  ["that is null", null],
  ["that is text", "epk"],
];
const offCurve: Attack[] = EPHEMERAL.map(([name, epk]) => ({
  name: `ECDH-ES with an ephemeral key ${name}`,
  token: encryptByHand(randomBytes(32), "A256GCM", headerOf(ecdh, { epk }), inner()),
  detail: "decrypt",
}));

describeAttacks("encrypted tokens", {
  edge: { keys, decryptFile: { keys: [cbc, gcm, wrap, oaep, ecdh].map((key) => key.jwk) } },
  controls: [
    { name: "dir with A256CBC-HS512", token: encrypt(cbc, text) },
    { name: "dir with A256GCM", token: encrypt(gcm, text) },
    {
      name: "dir with A256GCM, made by hand",
      token: encryptByHand(secretOf(gcm), "A256GCM", headerOf(gcm), text),
    },
    {
      name: "dir with A256CBC-HS512, made by hand",
      token: encryptByHand(secretOf(cbc), "A256CBC-HS512", headerOf(cbc), text),
    },
    { name: "A256KW", token: encrypt(wrap, text) },
    { name: "dir around a signed token", token: encrypt(gcm, inner(), { cty: "JWT" }) },
    { name: "RSA-OAEP-256 around a signed token", token: encrypt(oaep, inner(), { cty: "JWT" }) },
    { name: "ECDH-ES around a signed token", token: encrypt(ecdh, inner(), { cty: "JWT" }) },
  ],
  attacks: [
    ...damages,
    ...switched,
    ...encSwitched,
    ...offCurve,
    ...["RSA-OAEP", "RSA-OAEP-256"].map((alg) => ({
      name: `${alg} to a public signing key`,
      token: toSigningKeyOf(alg),
      detail: "unknown_key",
    })),
    ...[oaep, ecdh].map((key) => ({
      name: `${key.alg} around bare claims: anyone can do that`,
      token: encrypt(key, text),
      detail: "malformed",
    })),
    {
      name: "RSA-OAEP-256 around an unsecured token",
      token: encrypt(
        oaep,
        `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(text).toString("base64url")}.`,
        { cty: "JWT" },
      ),
      detail: "algorithm",
    },
    {
      name: "a nested token of a foreign key",
      token: encrypt(oaep, mint(keys.foreign, claims()), { cty: "JWT" }),
      detail: "signature",
    },
    {
      name: "a nested token of a foreign key in dir",
      token: encrypt(gcm, mint(keys.foreign, claims()), { cty: "JWT" }),
      detail: "signature",
    },
    {
      name: "a nested token that is over",
      token: encrypt(gcm, inner({ exp: 1 }), { cty: "JWT" }),
      detail: "expired",
    },
    {
      name: "a token nested twice",
      token: encrypt(gcm, inner(), { cty: "JWT" }).then((token) =>
        encrypt(gcm, token, { cty: "JWT" }),
      ),
      detail: "malformed",
    },
    {
      name: "an empty content key, wrapped",
      token: encryptByHand(randomBytes(32), "A256GCM", headerOf(wrap), text, {
        encryptedKey: Buffer.alloc(8),
      }),
      detail: "decrypt",
    },
    {
      name: "no wrapped key",
      token: encryptByHand(randomBytes(32), "A256GCM", headerOf(wrap), text),
      detail: "decrypt",
    },
    {
      name: "a key of zeros",
      token: encryptByHand(Buffer.alloc(32), "A256GCM", headerOf(gcm), text),
      detail: "decrypt",
    },
    {
      name: "a key of zeros without kid",
      token: encryptByHand(Buffer.alloc(32), "A256GCM", { alg: "dir", enc: "A256GCM" }, text),
      detail: "decrypt",
    },
    {
      name: "an HMAC secret of ours as content key",
      token: encryptByHand(
        Buffer.from(keys.hs.entry["secret"] ?? "").subarray(0, 32),
        "A256GCM",
        { alg: "dir", enc: "A256GCM", kid: keys.hs.kid },
        text,
      ),
      detail: "unknown_key",
    },
    {
      name: "an unknown kid",
      token: encryptByHand(secretOf(gcm), "A256GCM", headerOf(gcm, { kid: "nobody" }), text),
      detail: "unknown_key",
    },
    {
      name: "crit",
      token: encryptByHand(secretOf(gcm), "A256GCM", headerOf(gcm, { crit: ["x"], x: 1 }), text),
      detail: "malformed",
    },
    { name: "expired claims", token: encrypt(gcm, claims({ exp: 1 })), detail: "expired" },
    { name: "claims that are a list", token: encrypt(gcm, "[]"), detail: "malformed" },
    { name: "claims that are no JSON", token: encrypt(gcm, "hello"), detail: "malformed" },
    {
      name: "claims with a member twice",
      token: encrypt(gcm, `{"sub":"a","sub":"b","exp":${String(claims()["exp"])}}`),
      detail: "malformed",
    },
  ],
});
