import {
  constants,
  createHash,
  type KeyObject,
  privateEncrypt,
  randomBytes,
  sign,
} from "node:crypto";
import { type Attack, describeAttacks } from "../../helpers/attack-suite.ts";
import { headerOf, mint } from "../../helpers/mint.ts";
import { createSigningKey, signWith, type SigningKey } from "../../helpers/signing-keys.ts";
import { claims } from "../../helpers/tokens.ts";

const ps = (["PS256", "PS384", "PS512"] as const).map((alg) => createSigningKey(alg));
const rs = createSigningKey("RS256");

function privateOf(key: SigningKey): KeyObject {
  if (key.privateKey === undefined) throw new TypeError("not an RSA key");
  return key.privateKey;
}

/** EMSA-PSS (RFC 8017 §9.1.1) with any salt length and any hash inside MGF1, for a modulus of 2048 bits. */
function signPss(
  key: SigningKey,
  data: Buffer,
  hash: string,
  mgfHash: string,
  saltBytes: number,
): Buffer {
  const length = 256;
  const salt = randomBytes(saltBytes);
  const mHash = createHash(hash).update(data).digest();
  const h = createHash(hash)
    .update(Buffer.concat([Buffer.alloc(8), mHash, salt]))
    .digest();
  const db = Buffer.alloc(length - h.length - 1);
  db.writeUInt8(1, db.length - salt.length - 1);
  salt.copy(db, db.length - salt.length);
  const mask = mgf1(h, db.length, mgfHash);
  const masked = Buffer.from(db.map((byte, i) => byte ^ (mask[i] ?? 0)));
  // emBits is one less than the modulus' bits: the first bit is zero.
  masked.writeUInt8(masked.readUInt8(0) & 0x7f, 0);
  const em = Buffer.concat([masked, h, Buffer.from([0xbc])]);
  return privateEncrypt({ key: privateOf(key), padding: constants.RSA_NO_PADDING }, em);
}

function mgf1(seed: Buffer, length: number, hash: string): Buffer {
  const blocks: Buffer[] = [];
  for (let i = 0; blocks.reduce((sum, b) => sum + b.length, 0) < length; i++) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(i);
    blocks.push(createHash(hash).update(seed).update(counter).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function cases(key: SigningKey): Attack[] {
  const hash = `sha${key.alg.slice(2)}`;
  const size = Number(key.alg.slice(2)) / 8;
  const signedBy = (how: (data: Buffer) => Buffer) => mint({ ...key, sign: how }, claims());
  const salts = [0, 1, 8, 20, size - 1, size + 1].map((salt) => ({
    name: `${key.alg} with a salt of ${salt} bytes`,
    token: signedBy((data) => signPss(key, data, hash, hash, salt)),
    detail: "signature",
  }));
  const mgfs = ["sha1", "sha256", "sha384", "sha512"]
    .filter((mgf) => mgf !== hash)
    .map((mgf) => ({
      name: `${key.alg} with MGF1 of ${mgf}`,
      token: signedBy((data) => signPss(key, data, hash, mgf, size)),
      detail: "signature",
    }));
  return [
    ...salts,
    ...mgfs,
    {
      name: `${key.alg} over another hash`,
      token: signedBy((data) => signPss(key, data, "sha1", "sha1", 20)),
      detail: "signature",
    },
    {
      name: `${key.alg} that is PKCS#1 v1.5`,
      token: signedBy((data) => sign(hash, data, privateOf(key))),
      detail: "signature",
    },
    {
      name: `${key.alg}'s key under RS${key.alg.slice(2)}`,
      token: mint({ ...key, sign: (data) => sign(hash, data, privateOf(key)) }, claims(), {
        ...headerOf(key),
        alg: `RS${key.alg.slice(2)}`,
      }),
      detail: "algorithm",
    },
  ];
}

describeAttacks("RSA-PSS with other parameters than RFC 7518 §3.5 fixes", {
  edge: { keyFile: { keys: [...ps, rs].map((key) => key.jwk) } },
  controls: [
    ...ps.map((key) => ({ name: key.alg, token: mint(key, claims()) })),
    ...ps.map((key) => ({
      name: `${key.alg} as this file's own PSS makes it`,
      token: mint(
        {
          ...key,
          sign: (data: Buffer) => {
            const hash = `sha${key.alg.slice(2)}`;
            return signPss(key, data, hash, hash, Number(key.alg.slice(2)) / 8);
          },
        },
        claims(),
      ),
    })),
    { name: "RS256", token: mint(rs, claims()) },
  ],
  attacks: [
    ...ps.flatMap(cases),
    {
      name: "RS256 that is PSS",
      token: mint({ ...rs, sign: (data) => signWith("PS256", privateOf(rs), data) }, claims()),
      detail: "signature",
    },
    {
      name: "PKCS#1 v1.5 by hand without a hash's name",
      token: mint(
        {
          ...rs,
          sign: (data) => privateEncrypt(privateOf(rs), createHash("sha256").update(data).digest()),
        },
        claims(),
      ),
      detail: "signature",
    },
  ],
});
