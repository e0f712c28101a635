import { sign } from "node:crypto";
import { type Attack, describeAttacks } from "../../helpers/attack-suite.ts";
import { mint, splitToken, withPart } from "../../helpers/mint.ts";
import { createSigningKey, type SigningKey } from "../../helpers/signing-keys.ts";
import { claims } from "../../helpers/tokens.ts";

// The orders of the curves' groups, SEC 2 §2.4.2, §2.5.1, §2.6.1.
const CURVES = [
  {
    key: createSigningKey("ES256"),
    bytes: 32,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  {
    key: createSigningKey("ES384"),
    bytes: 48,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
  {
    key: createSigningKey("ES512"),
    bytes: 66,
    n: 0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
  },
];

function toBytes(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex");
}

function cases({ key, bytes, n }: (typeof CURVES)[number]): Attack[] {
  const token = mint(key, claims());
  const signature = Buffer.from(splitToken(token)[2] ?? "", "base64url");
  const r = signature.subarray(0, bytes);
  const s = signature.subarray(bytes);
  const signed = (...parts: readonly Buffer[]) =>
    withPart(token, 2, Buffer.concat(parts).toString("base64url"));
  const edges: readonly (readonly [string, bigint])[] = [
    ["0", 0n],
    ["1", 1n],
    ["n−1", n - 1n],
    ["n", n],
    ["n+1", n + 1n],
    ["all ones", (1n << BigInt(bytes * 8)) - 1n],
  ];
  return [
    ...edges.flatMap(([rName, rValue]) =>
      edges.map(([sName, sValue]) => ({
        name: `${key.alg} with r = ${rName}, s = ${sName}`,
        token: signed(toBytes(rValue, bytes), toBytes(sValue, bytes)),
        detail: "signature",
      })),
    ),
    ...edges.flatMap(([name, value]) => [
      {
        name: `${key.alg} with its r and s = ${name}`,
        token: signed(r, toBytes(value, bytes)),
        detail: "signature",
      },
      {
        name: `${key.alg} with r = ${name} and its s`,
        token: signed(toBytes(value, bytes), s),
        detail: "signature",
      },
    ]),
    { name: `${key.alg} with r and s exchanged`, token: signed(s, r), detail: "signature" },
    {
      name: `${key.alg} with a zero before each half`,
      token: signed(Buffer.alloc(1), r, Buffer.alloc(1), s),
      detail: "signature",
    },
    {
      name: `${key.alg} with a zero after`,
      token: signed(r, s, Buffer.alloc(1)),
      detail: "signature",
    },
    { name: `${key.alg} with r alone`, token: signed(r), detail: "signature" },
    { name: `${key.alg} a byte short`, token: signed(r, s.subarray(0, -1)), detail: "signature" },
    {
      name: `${key.alg} of 64 KiB of zeros cut to fit`,
      token: signed(Buffer.alloc(5000)),
      detail: "signature",
    },
    {
      name: `${key.alg} in DER`,
      token: withPart(token, 2, derSignature(key, token)),
      detail: "signature",
    },
    {
      name: `${key.alg} in DER with a long length`,
      token: withPart(
        token,
        2,
        Buffer.concat([Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]), r, s]).toString(
          "base64url",
        ),
      ),
      detail: "signature",
    },
  ];
}

function derSignature(key: SigningKey, token: string): string {
  if (key.privateKey === undefined) throw new TypeError("not an EC key");
  const data = Buffer.from(splitToken(token).slice(0, 2).join("."));
  return sign(`sha${key.alg.slice(2)}`, data, key.privateKey).toString("base64url");
}

describeAttacks("ECDSA signatures at the edges of what they may be", {
  edge: { keyFile: { keys: CURVES.map(({ key }) => key.jwk) } },
  controls: CURVES.map(({ key }) => ({ name: key.alg, token: mint(key, claims()) })),
  attacks: CURVES.flatMap(cases),
});
