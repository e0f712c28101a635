import { describe, expect, test } from "bun:test";
import {
  constants,
  createHash,
  createPublicKey,
  createSecretKey as toSecret,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  randomBytes,
  sign,
} from "node:crypto";
import { isSignedBy } from "../../../src/core/token/signature.ts";
import {
  ALGORITHMS,
  createSigningKey,
  type SigningKey,
  signWith,
} from "../../helpers/signing-keys.ts";

const INPUT = "eyJhbGciOiJ4In0.eyJzdWIiOiJib2IifQ";
const keys = new Map(ALGORITHMS.map((alg) => [alg as string, createSigningKey(alg)]));

function keyOf(alg: string): SigningKey {
  const key = keys.get(alg);
  if (key === undefined) throw new TypeError(alg);
  return key;
}

function publicOf(key: SigningKey): KeyObject {
  const { k } = key.jwk;
  if (typeof k === "string") return toSecret(Buffer.from(k, "base64url"));
  return createPublicKey({ format: "jwk", key: key.jwk });
}

function privateOf(alg: string): KeyObject {
  const { privateKey } = keyOf(alg);
  if (privateKey === undefined) throw new TypeError(alg);
  return privateKey;
}

function holds(alg: string, signature: Uint8Array, input = INPUT, key = keyOf(alg)): boolean {
  return isSignedBy(publicOf(key), alg, input, signature);
}

function toBytes(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(length * 2, "0"), "hex");
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function withoutNull(): Buffer {
  return Buffer.from("302f300b06096086480165030402010420", "hex");
}

function renamed(): Buffer {
  return Buffer.from("3031300d060960864801650304020305000420", "hex");
}

function fill(length: number): Buffer {
  return Buffer.alloc(length, 0xff);
}

/** A number from its bytes, the least first (RFC 8032 §5.1.2). */
function toLittle(bytes: Uint8Array): bigint {
  return toBigInt(Buffer.from(bytes).toReversed());
}

function fromLittle(value: bigint): Buffer {
  return Buffer.from(toBytes(value, 32).toReversed());
}

/** Of one algorithm (RFC 9864 §2.2). */
const TWO_NAMES: ReadonlySet<string> = new Set(["EdDSA", "Ed25519"]);

describe("isSignedBy", () => {
  test.each([...ALGORITHMS])("accepts %s, and no changed bit of anything", (alg) => {
    const key = keyOf(alg);
    const signature = key.sign(Buffer.from(INPUT));
    expect(holds(alg, signature)).toBe(true);
    for (const at of [0, Math.floor(signature.length / 2), signature.length - 1]) {
      for (const bit of [1, 0x80]) {
        const changed = Buffer.from(signature);
        changed[at] = (changed[at] ?? 0) ^ bit;
        expect(holds(alg, changed)).toBe(false);
      }
    }
    for (const input of [`${INPUT}A`, INPUT.slice(1), INPUT.toLowerCase(), "", `${INPUT}.`]) {
      expect(holds(alg, signature, input)).toBe(false);
    }
    expect(holds(alg, signature, INPUT, createSigningKey(alg))).toBe(false);
  });

  test.each([...ALGORITHMS])("refuses a %s signature of another length", (alg) => {
    const signature = keyOf(alg).sign(Buffer.from(INPUT));
    const others = [
      Buffer.alloc(0),
      signature.subarray(1),
      signature.subarray(0, -1),
      signature.subarray(0, signature.length / 2),
      Buffer.concat([Buffer.alloc(1), signature]),
      Buffer.concat([signature, Buffer.alloc(1)]),
      Buffer.concat([signature, signature]),
      Buffer.alloc(21_800, 1),
    ];
    for (const other of others) expect(holds(alg, other)).toBe(false);
    expect(holds(alg, signature)).toBe(true);
  });

  test.each([...ALGORITHMS])("refuses zeros, ones and chance for %s", (alg) => {
    const { length } = keyOf(alg).sign(Buffer.from(INPUT));
    for (const bytes of [Buffer.alloc(length), Buffer.alloc(length, 0xff), randomBytes(length)]) {
      expect(holds(alg, bytes)).toBe(false);
    }
  });

  test.each(["none", "None", "NONE", "", "HS1", "hs256", "RS1", "ES256K", "constructor", "dir"])(
    "knows no algorithm %p",
    (alg) => {
      for (const key of keys.values()) {
        expect(isSignedBy(publicOf(key), alg, INPUT, key.sign(Buffer.from(INPUT)))).toBe(false);
        expect(isSignedBy(publicOf(key), alg, INPUT, Buffer.alloc(0))).toBe(false);
      }
    },
  );

  test("takes no key for the algorithm of another", () => {
    for (const [alg, key] of keys) {
      const signature = key.sign(Buffer.from(INPUT));
      for (const other of keys.keys()) {
        if (other === alg || (TWO_NAMES.has(other) && TWO_NAMES.has(alg))) continue;
        expect(isSignedBy(publicOf(key), other, INPUT, signature)).toBe(false);
      }
    }
  });

  test("takes no public key's text or bytes for an HMAC secret", () => {
    for (const alg of ["RS256", "ES256", "EdDSA"]) {
      const material = publicOf(keyOf(alg));
      const texts = [
        material.export({ type: "spki", format: "pem" }),
        material.export({ type: "spki", format: "der" }),
        JSON.stringify(material.export({ format: "jwk" })),
      ];
      for (const secret of texts) {
        for (const hs of ["HS256", "HS384", "HS512"] as const) {
          const forged = new Bun.CryptoHasher(`sha${hs.slice(2)}` as "sha256", secret)
            .update(INPUT)
            .digest();
          expect(isSignedBy(material, hs, INPUT, forged)).toBe(false);
        }
      }
    }
  });
});

describe("an ECDSA signature", () => {
  const orders = new Map([
    ["ES256", 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
    [
      "ES384",
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    ],
    [
      "ES512",
      0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    ],
  ]);

  test.each([...orders])("of %s is refused where r or s is 0, 1, n − 1, n or beyond", (alg, n) => {
    const good = keyOf(alg).sign(Buffer.from(INPUT));
    const half = good.length / 2;
    const edges = [0n, 1n, n - 1n, n, n + 1n, 256n ** BigInt(half) - 1n].map((v) =>
      toBytes(v, half),
    );
    const [r, s] = [good.subarray(0, half), good.subarray(half)];
    for (const edge of edges) {
      for (const other of [...edges, r, s]) {
        expect(holds(alg, Buffer.concat([edge, other]))).toBe(false);
        expect(holds(alg, Buffer.concat([other, edge]))).toBe(false);
      }
    }
    for (const beyond of [toBigInt(r) + n, toBigInt(s) + n]) {
      if (beyond >= 256n ** BigInt(half)) continue;
      expect(holds(alg, Buffer.concat([toBytes(beyond, half), s]))).toBe(false);
      expect(holds(alg, Buffer.concat([r, toBytes(beyond, half)]))).toBe(false);
    }
    expect(holds(alg, Buffer.concat([s, r]))).toBe(false);
    expect(holds(alg, good)).toBe(true);
  });

  test.each([...orders.keys()])("of %s is refused in DER", (alg) => {
    const der = sign(`sha${alg.slice(2)}`, Buffer.from(INPUT), privateOf(alg));
    expect(holds(alg, der)).toBe(false);
  });
});

describe("an RSA signature", () => {
  /** EMSA-PSS (RFC 8017 §9.1.1) with a hash, a mask and a salt of one's choice. */
  function signPss(key: KeyObject, hash: string, maskHash: string, salt: Buffer, trailer = 0xbc) {
    const emLength = 256;
    const digest = createHash(hash).update(INPUT).digest();
    const h = createHash(hash)
      .update(Buffer.concat([Buffer.alloc(8), digest, salt]))
      .digest();
    const dbLength = emLength - h.length - 1;
    const db = Buffer.concat([Buffer.alloc(dbLength - salt.length - 1), Buffer.from([1]), salt]);
    const mask: Buffer[] = [];
    for (let counter = 0; Buffer.concat(mask).length < dbLength; counter += 1) {
      const count = Buffer.alloc(4);
      count.writeUInt32BE(counter);
      mask.push(createHash(maskHash).update(h).update(count).digest());
    }
    const masked = Buffer.concat(mask)
      .subarray(0, dbLength)
      .map((byte, at) => byte ^ (db[at] ?? 0));
    masked[0] = (masked[0] ?? 0) & 0x7f;
    const em = Buffer.concat([masked, h, Buffer.from([trailer])]);
    return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, em);
  }
  const key = privateOf("PS256");

  test("with PSS is accepted as RFC 7518 wants it", () => {
    expect(holds("PS256", signPss(key, "sha256", "sha256", randomBytes(32)))).toBe(true);
  });

  test.each([
    ["no salt", () => signPss(key, "sha256", "sha256", Buffer.alloc(0))],
    ["a salt of 20 bytes", () => signPss(key, "sha256", "sha256", randomBytes(20))],
    ["a salt of 31 bytes", () => signPss(key, "sha256", "sha256", randomBytes(31))],
    ["a salt of 33 bytes", () => signPss(key, "sha256", "sha256", randomBytes(33))],
    ["the longest salt", () => signPss(key, "sha256", "sha256", randomBytes(222))],
    ["a mask by SHA-1", () => signPss(key, "sha256", "sha1", randomBytes(32))],
    ["a mask by SHA-512", () => signPss(key, "sha256", "sha512", randomBytes(32))],
    ["SHA-1 throughout", () => signPss(key, "sha1", "sha1", randomBytes(20))],
    ["SHA-384 throughout", () => signPss(key, "sha384", "sha384", randomBytes(48))],
    ["another trailer", () => signPss(key, "sha256", "sha256", randomBytes(32), 0xcc)],
    ["PKCS #1 v1.5", () => signWith("RS256", key, Buffer.from(INPUT))],
  ])("with PSS is refused with %s", (_, make) => {
    expect(holds("PS256", make())).toBe(false);
  });

  /** The block that PKCS #1 v1.5 signs (RFC 8017 §9.2), in pieces that can be got wrong. */
  const PREFIX = Buffer.from("3031300d060960864801650304020105000420", "hex");
  const hashed = createHash("sha256").update(INPUT).digest();
  function signBlock(pieces: readonly (Buffer | number)[]): Buffer {
    const parts = pieces.map((piece) => (typeof piece === "number" ? Buffer.of(piece) : piece));
    const block = Buffer.concat(parts);
    return privateEncrypt({ key: privateOf("RS256"), padding: constants.RSA_NO_PADDING }, block);
  }

  test("with PKCS #1 is accepted as it stands in RFC 8017", () => {
    expect(holds("RS256", signBlock([0, 1, fill(202), 0, PREFIX, hashed]))).toBe(true);
  });

  test.each([
    ["bytes after the hash", [0, 1, fill(200), 0, PREFIX, hashed, Buffer.alloc(2)]],
    ["bytes after too short a padding", [0, 1, fill(8), 0, PREFIX, hashed, Buffer.alloc(194)]],
    ["block type 2", [0, 2, fill(202), 0, PREFIX, hashed]],
    ["block type 0", [0, 0, Buffer.alloc(202), 0, PREFIX, hashed]],
    ["padding that is not ones", [0, 1, fill(201), 0xfe, 0, PREFIX, hashed]],
    ["no algorithm", [0, 1, fill(221), 0, hashed]],
    ["an algorithm without NULL", [0, 1, fill(204), 0, withoutNull(), hashed]],
    ["SHA-512's name on SHA-256's hash", [0, 1, fill(202), 0, renamed(), hashed]],
  ])("with PKCS #1 is refused with %s", (_, pieces) => {
    expect(holds("RS256", signBlock(pieces))).toBe(false);
  });

  test("is not forged for the exponent 3 by a cube root (Bleichenbacher 2006)", () => {
    const weak = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 });
    const head = Buffer.concat([Buffer.from([0, 1, ...fill(8), 0]), PREFIX, hashed]);
    const target = toBigInt(Buffer.concat([head, fill(256 - head.length)]));
    let low = 0n;
    let high = 1n << 700n;
    while (low < high) {
      const middle = (low + high + 1n) >> 1n;
      if (middle ** 3n <= target) low = middle;
      else high = middle - 1n;
    }
    const forged = toBytes(low, 256);
    expect(toBytes(low ** 3n, 256).subarray(0, head.length)).toEqual(head);
    expect(isSignedBy(weak.publicKey, "RS256", INPUT, forged)).toBe(false);
    const honest = signWith("RS256", weak.privateKey, Buffer.from(INPUT));
    expect(isSignedBy(weak.publicKey, "RS256", INPUT, honest)).toBe(true);
  });

  test("beyond its modulus is refused", () => {
    const { n } = keyOf("RS256").jwk;
    const modulus = toBigInt(Buffer.from(String(n), "base64url"));
    const good = toBigInt(keyOf("RS256").sign(Buffer.from(INPUT)));
    expect(holds("RS256", toBytes(good, 256))).toBe(true);
    for (const value of [good + modulus, modulus, modulus - 1n, 1n, 0n]) {
      const length = value >= 256n ** 256n ? 257 : 256;
      expect(holds("RS256", toBytes(value, length))).toBe(false);
    }
  });
});

describe("an Ed25519 signature", () => {
  const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
  const good = keyOf("EdDSA").sign(Buffer.from(INPUT));
  const withS = (s: bigint) => Buffer.concat([good.subarray(0, 32), fromLittle(s)]);

  test("is accepted under both names of its algorithm", () => {
    expect(holds("EdDSA", good)).toBe(true);
    expect(isSignedBy(publicOf(keyOf("EdDSA")), "Ed25519", INPUT, good)).toBe(true);
    expect(withS(toLittle(good.subarray(32))).equals(good)).toBe(true);
  });

  test("is refused with S + L, S + 2L and so on: one signature must not have two forms", () => {
    const s = toLittle(good.subarray(32));
    for (let times = 1n; s + times * ORDER < 2n ** 256n; times += 1n) {
      expect(holds("EdDSA", withS(s + times * ORDER))).toBe(false);
    }
    for (const value of [0n, ORDER, ORDER - s, 2n ** 256n - 1n]) {
      expect(holds("EdDSA", withS(value))).toBe(false);
    }
  });

  test("is refused with a point of small order for R and any S", () => {
    for (const y of [0n, 1n]) {
      const r = fromLittle(y);
      for (const s of [Buffer.alloc(32), good.subarray(32)]) {
        expect(holds("EdDSA", Buffer.concat([r, s]))).toBe(false);
      }
    }
  });
});
