import { type Attack, describeAttacks } from "../../helpers/attack-suite.ts";
import { headerOf, mint, splitToken, withPart } from "../../helpers/mint.ts";
import { createSigningKey, type SigningKey } from "../../helpers/signing-keys.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const ed = createSigningKey("EdDSA", "ed");
// The order of the base point, RFC 8032 §5.1.
const L = (1n << 252n) + 27742317777372353535851937790883648493n;

// All encodings of points of small order ("Taming the many EdDSAs", table 6a): with one of them as a key, or as R,
// a signature can hold for messages that nobody signed.
const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "0000000000000000000000000000000000000000000000000000000000000080",
].map((hex) => Buffer.from(hex, "hex"));

const smallKeys: readonly SigningKey[] = SMALL_ORDER.map((point, i) => ({
  ...ed,
  kid: `small-${i}`,
  jwk: {
    kty: "OKP",
    crv: "Ed25519",
    kid: `small-${i}`,
    alg: "EdDSA",
    x: point.toString("base64url"),
  },
}));

function toLittleEndian(value: bigint): Buffer {
  return Buffer.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex").toReversed());
}

function fromLittleEndian(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString("hex")}`);
}

const good = mint(ed, claims());
const signature = Buffer.from(splitToken(good)[2] ?? "", "base64url");
const r = signature.subarray(0, 32);
const s = signature.subarray(32);
const signed = (...parts: readonly Buffer[]) =>
  withPart(good, 2, Buffer.concat(parts).toString("base64url"));

const malleable: Attack[] = [1n, 2n, 4n, 8n]
  .map((times) => fromLittleEndian(s) + times * L)
  .filter((value) => value < 1n << 256n)
  .map((value, i) => ({
    name: `S + ${i + 1} multiples of L`,
    token: signed(r, toLittleEndian(value)),
    detail: "signature",
  }));

describeAttacks("Ed25519 with points of small order and malleable S", {
  edge: { keys, keyFile: { keys: [ed.jwk, ...smallKeys.map((key) => key.jwk)] } },
  controls: [
    { name: "EdDSA", token: good },
    { name: "EdDSA without kid, where one key fits", token: mint(ed, claims(), headerOf(ed)) },
  ],
  attacks: [
    ...malleable,
    { name: "S = 0", token: signed(r, Buffer.alloc(32)), detail: "signature" },
    { name: "S = L", token: signed(r, toLittleEndian(L)), detail: "signature" },
    { name: "R and S exchanged", token: signed(s, r), detail: "signature" },
    ...SMALL_ORDER.map((point, i) => ({
      name: `R of small order (${i}) and S = 0`,
      token: signed(point, Buffer.alloc(32)),
      detail: "signature",
    })),
    ...smallKeys.flatMap((key) =>
      SMALL_ORDER.slice(0, 2).map((point, i) => ({
        name: `a key of small order (${key.kid}) with R (${i}) and S = 0`,
        token: mint({ ...key, sign: () => Buffer.concat([point, Buffer.alloc(32)]) }, claims()),
        detail: "unknown_key",
      })),
    ),
    {
      name: "Ed448's name",
      token: mint(ed, claims(), { ...headerOf(ed), alg: "Ed448" }),
      detail: "algorithm",
    },
  ],
});
