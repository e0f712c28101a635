import { describe, expect, test } from "bun:test";
import { createCipheriv, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { CompactEncrypt } from "jose";
import { JWE_ALGORITHMS, JWE_ENCRYPTIONS } from "../../../src/core/token/algorithms.ts";
import { encrypt } from "../../helpers/decryption-keys.ts";
import { encode, mint, splitToken, withPart } from "../../helpers/mint.ts";
import { createSecretKey } from "../../helpers/signing-keys.ts";
import { judge, keyOf, nested, ring, rs } from "./jwe-keys.ts";
import { claims, createTestJudge, outcome, ringOf } from "./judging.ts";

function someBytes(): string {
  return randomBytes(Math.floor(Math.random() * 80)).toString("base64url");
}

function pointOf(key: ReturnType<typeof createPublicKey>): { x: string; y: string } {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  return { x, y };
}

describe("a JWE that tries something", () => {
  test("does not move bytes between text and tag", async () => {
    for (const enc of JWE_ENCRYPTIONS.keys()) {
      const key = keyOf("dir", enc);
      const token = await encrypt(key, claims());
      const parts = splitToken(token);
      const text = Buffer.from(parts[3] ?? "", "base64url");
      const tag = Buffer.from(parts[4] ?? "", "base64url");
      for (const moved of [1, 4, 8, 12]) {
        const longer = Buffer.concat([text, tag.subarray(0, moved)]).toString("base64url");
        const shorter = tag.subarray(moved).toString("base64url");
        expect(await judge(key, withPart(withPart(token, 3, longer), 4, shorter))).toBe("decrypt");
      }
      const given = Buffer.concat([text.subarray(-4), tag]).toString("base64url");
      const cut = text.subarray(0, -4).toString("base64url");
      expect(await judge(key, withPart(withPart(token, 3, cut), 4, given))).toBe("decrypt");
    }
  });

  test("does not take a shorter tag that GCM itself would", async () => {
    const secret = randomBytes(16);
    const jwk = { kty: "oct", kid: "k", alg: "A128GCM", k: secret.toString("base64url") };
    const make = (tagLength: number, ivLength = 12) => {
      const header = encode({ alg: "dir", enc: "A128GCM", kid: "k" });
      const iv = randomBytes(ivLength);
      const cipher = createCipheriv("aes-128-gcm", secret, iv, { authTagLength: 16 });
      cipher.setAAD(Buffer.from(header));
      const text = Buffer.concat([cipher.update(JSON.stringify(claims())), cipher.final()]);
      const tag = cipher.getAuthTag().subarray(0, tagLength);
      return [header, "", ...[iv, text, tag].map((b) => b.toString("base64url"))].join(".");
    };
    const judged = createTestJudge({ decryption: [jwk] });
    expect(await outcome(judged(make(16)))).toBe("ok");
    for (const length of [0, 4, 8, 12, 15]) {
      expect(await outcome(judged(make(length)))).toBe("decrypt");
    }
    for (const length of [8, 11, 13, 16]) {
      expect(await outcome(judged(make(16, length)))).toBe("decrypt");
    }
  });

  test("is not opened under another algorithm with the same key", async () => {
    const secret = { kty: "oct", kid: "k", k: randomBytes(32).toString("base64url") };
    const free = { ...keyOf("A256KW", "A256GCM"), jwk: secret, kid: "k" };
    const key = { ...free, encryptionKey: Buffer.from(secret.k, "base64url") };
    const judged = createTestJudge({ decryption: [secret] });
    const wrapped = await encrypt(key, claims());
    const direct = await encrypt({ ...key, alg: "dir" }, claims());
    expect(await outcome(judged(wrapped))).toBe("ok");
    expect(await outcome(judged(direct))).toBe("ok");
    for (const alg of ["dir", "A256GCMKW"]) {
      const header = encode({ alg, enc: "A256GCM", kid: "k" });
      expect(await outcome(judged(withPart(wrapped, 0, header)))).toBe("decrypt");
    }
  });

  const ecdh = keyOf("ECDH-ES", "A128GCM");
  const good = {
    kty: "EC",
    crv: "P-256",
    ...pointOf(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey),
  };
  test.each<readonly [name: string, epk: unknown]>([
    ["missing", undefined],
    ["null", null],
    ["a text", "epk"],
    ["a list", [good]],
    ["empty", {}],
    ["off its curve", { ...good, y: Buffer.alloc(32, 1).toString("base64url") }],
    [
      "at zero",
      {
        ...good,
        x: Buffer.alloc(32).toString("base64url"),
        y: Buffer.alloc(32).toString("base64url"),
      },
    ],
    ["without y", { kty: "EC", crv: "P-256", x: good.x }],
    [
      "of another curve",
      {
        kty: "EC",
        crv: "P-384",
        ...pointOf(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey),
      },
    ],
    ["on a curve nobody has", { ...good, crv: "constructor" }],
    ["an X25519 key", { kty: "OKP", crv: "X25519", x: Buffer.alloc(32, 9).toString("base64url") }],
    [
      "an X25519 key of zeros",
      { kty: "OKP", crv: "X25519", x: Buffer.alloc(32).toString("base64url") },
    ],
    ["an RSA key", { kty: "RSA", n: "AQAB", e: "AQAB" }],
    ["a secret", { kty: "oct", k: "AAAA" }],
    ["with a private part", { ...good, d: "AQAB" }],
    ["with numbers", { ...good, x: 5 }],
  ])("is refused with an epk that is %s", async (_, epk) => {
    for (const alg of ["ECDH-ES", "ECDH-ES+A128KW"]) {
      const key = { ...ecdh, jwk: { ...ecdh.jwk, alg } };
      const header = { alg, enc: "A128GCM", kid: key.kid, ...(epk === undefined ? {} : { epk }) };
      const encryptedKey = alg === "ECDH-ES" ? "" : Buffer.alloc(24);
      const token = [header, encryptedKey, Buffer.alloc(12), "text", Buffer.alloc(16)];
      expect(await judge(key, token.map(encode).join("."))).toBe("decrypt");
    }
  });

  test("is refused with an X25519 point that makes every secret zero", async () => {
    const pair = generateKeyPairSync("x25519").privateKey.export({ format: "jwk" });
    const jwk = { ...pair, kid: "x", alg: "ECDH-ES" };
    const epks = [
      "00".repeat(32),
      `01${"00".repeat(31)}`,
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    const judged = createTestJudge({ decryption: [jwk], ring });
    for (const x of epks) {
      const epk = { kty: "OKP", crv: "X25519", x: Buffer.from(x, "hex").toString("base64url") };
      const header = { alg: "ECDH-ES", enc: "A128GCM", kid: "x", epk };
      const token = [header, "", Buffer.alloc(12), "text", Buffer.alloc(16)].map(encode).join(".");
      expect(await outcome(judged(token))).toBe("decrypt");
    }
    const honest = await new CompactEncrypt(Buffer.from(nested()))
      .setProtectedHeader({ alg: "ECDH-ES", enc: "A128GCM", kid: "x", cty: "JWT" })
      .encrypt(createPublicKey({ format: "jwk", key: pair }));
    expect(await outcome(judged(honest))).toBe("ok");
  });

  test("is not authentic because a public signing key encrypted it", async () => {
    const { privateKey } = rs;
    if (privateKey === undefined) throw new TypeError("no key");
    // The same pair to sign and to decrypt with: a mistake of the operator's that must not let anybody in.
    const jwk = { ...privateKey.export({ format: "jwk" }), kid: rs.kid };
    const judged = createTestJudge({ ring, decryption: [jwk] });
    for (const cty of [undefined, "JWT"]) {
      const token = await new CompactEncrypt(Buffer.from(JSON.stringify(claims())))
        .setProtectedHeader({
          alg: "RSA-OAEP",
          enc: "A128GCM",
          kid: rs.kid,
          ...(cty === undefined ? {} : { cty }),
        })
        .encrypt(createPublicKey(privateKey));
      expect(await outcome(judged(token))).toBe("malformed");
    }
    // Nor where there is no decryption key at all.
    const token = await new CompactEncrypt(Buffer.from(JSON.stringify(claims())))
      .setProtectedHeader({ alg: "RSA-OAEP", enc: "A128GCM", kid: rs.kid })
      .encrypt(createPublicKey(privateKey));
    expect(await outcome(createTestJudge({ ring })(token))).toBe("unknown_key");
  });

  test("is not opened with a secret for signatures", async () => {
    const hs = createSecretKey("HS256", "hs", "s".repeat(32));
    const judged = createTestJudge({ ring: await ringOf([hs.entry]) });
    const token = await new CompactEncrypt(Buffer.from(JSON.stringify(claims())))
      .setProtectedHeader({ alg: "dir", enc: "A128CBC-HS256", kid: "hs" })
      .encrypt(Buffer.from("s".repeat(32)));
    expect(await outcome(judged(token))).toBe("unknown_key");
    expect(await outcome(judged(mint(hs, claims())))).toBe("ok");
  });

  test("brings no claims that a JWS could not bring", async () => {
    const key = keyOf("dir", "A256GCM");
    const bad = ["[]", "null", '{"a":1,"a":2}', '{"a":"\u007f"}', "\ufeff{}", '{"a":"\n"}', ""];
    for (const text of bad) expect(await judge(key, await encrypt(key, text))).toBe("malformed");
    expect(await judge(key, await encrypt(key, Buffer.from([0x7b, 0xff, 0x7d])))).toBe("malformed");
    expect(await judge(key, await encrypt(key, claims({ exp: 1 })))).toBe("expired");
  });

  test("never makes the judge throw, whatever is random in it", async () => {
    const algorithms = [...JWE_ALGORITHMS.keys()];
    for (let turn = 0; turn < 300; turn += 1) {
      const alg = algorithms[turn % algorithms.length] ?? "dir";
      const enc = [...JWE_ENCRYPTIONS.keys()][turn % 6] ?? "A128GCM";
      const key = keyOf(alg, enc);
      const header = {
        alg,
        enc,
        kid: key.kid,
        iv: someBytes(),
        tag: someBytes(),
        apu: someBytes(),
        apv: someBytes(),
        epk: { ...good, x: someBytes() },
      };
      const token = [encode(header), someBytes(), someBytes(), someBytes(), someBytes()].join(".");
      expect(await judge(key, token)).toBe("decrypt");
    }
  });
});
