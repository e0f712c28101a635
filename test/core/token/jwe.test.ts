import { describe, expect, test } from "bun:test";
import { createDecryptionKey, encrypt, withoutAlg } from "../../helpers/decryption-keys.ts";
import { encode, mint, splitToken, withPart } from "../../helpers/mint.ts";
import { encryptPbes2, encryptRsa15 } from "../../helpers/refused-jwe.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { es, fake, foreign, isShared, judge, keyOf, nested, pairs, ring, rs } from "./jwe-keys.ts";
import { claims, createTestJudge, outcome } from "./judging.ts";

describe("each algorithm with each encryption", () => {
  test.each(pairs)("%s with %s accepts a nested, verified token", async (alg, enc) => {
    const key = keyOf(alg, enc);
    expect(await judge(key, await encrypt(key, nested(), { cty: "JWT" }))).toBe("ok");
    expect(await judge(key, await encrypt(key, nested(), { cty: "application/jwt" }))).toBe("ok");
  });

  test.each(pairs)("%s with %s takes bare claims only for a shared key", async (alg, enc) => {
    const key = keyOf(alg, enc);
    const expected = isShared(alg) ? "ok" : "malformed";
    expect(await judge(key, await encrypt(key, claims()))).toBe(expected);
    const asNested = await encrypt(key, claims(), { cty: "JWT" });
    expect(await judge(key, asNested)).toBe("malformed");
  });

  test.each(pairs)("%s with %s says decrypt to every change of its parts", async (alg, enc) => {
    const key = keyOf(alg, enc);
    const token = await encrypt(key, nested(), { cty: "JWT" });
    const parts = splitToken(token);
    for (const [at, part] of parts.entries()) {
      if (at === 0 || part === "") continue;
      const bytes = Buffer.from(part, "base64url");
      const changed = Buffer.from(bytes);
      changed[0] = (changed[0] ?? 0) ^ 1;
      const end = Buffer.from(bytes);
      end[end.length - 1] = (end.at(-1) ?? 0) ^ 0x80;
      const others = [changed, end, bytes.subarray(1), bytes.subarray(0, -1), Buffer.alloc(0)];
      others.push(Buffer.concat([bytes, Buffer.alloc(1)]), Buffer.alloc(bytes.length));
      for (const other of others) {
        expect(await judge(key, withPart(token, at, other.toString("base64url")))).toBe("decrypt");
      }
    }
    expect(await judge(key, token)).toBe("ok");
  });

  test.each(pairs)("%s with %s says decrypt to another key of its kind", async (alg, enc) => {
    const key = keyOf(alg, enc);
    const other = createDecryptionKey(alg, enc, key.kid);
    expect(await judge(key, await encrypt(other, nested(), { cty: "JWT" }))).toBe("decrypt");
  });
});

describe("a nested token", () => {
  const key = keyOf("RSA-OAEP", "A256GCM");
  const shared = keyOf("A256KW", "A256GCM");
  test.each<readonly [name: string, make: () => unknown, detail: string]>([
    ["an expired one", () => nested(claims({ exp: 5 })), "expired"],
    ["one of another key", () => nested(claims(), foreign), "signature"],
    [
      "one of an unknown key",
      () => nested(claims(), createSigningKey("ES256", "x")),
      "unknown_key",
    ],
    ["one without algorithm", () => `${encode({ alg: "none" })}.${encode(claims())}.`, "algorithm"],
    ["one without signature", () => withPart(nested(), 2, ""), "signature"],
    [
      "one with other claims",
      () => withPart(nested(), 1, encode(claims({ sub: "x" }))),
      "signature",
    ],
    ["half a token", () => nested().slice(0, 50), "malformed"],
    ["a token and a line break", () => `${nested()}\n`, "malformed"],
    ["a JSON text of a token", () => JSON.stringify(nested()), "malformed"],
    ["bytes that are no text", () => Buffer.from([0xff, 0xfe]), "malformed"],
    ["nothing", () => "", "malformed"],
    ["one too large", () => nested(claims({ x: "x".repeat(9000) })), "too_large"],
  ])("is refused: %s", async (_, make, detail) => {
    for (const outer of [key, shared]) {
      const token = await encrypt(outer, make(), { cty: "JWT" });
      const judged = createTestJudge({ ring, decryption: [outer.jwk], maxTokenBytes: 9500 });
      const expected = detail === "too_large" ? ["too_large"] : [detail];
      expect(expected).toContain(await outcome(judged(token)));
    }
  });

  test("is refused when nested twice", async () => {
    for (const outer of [key, shared]) {
      const once = await encrypt(outer, nested(), { cty: "JWT" });
      expect(await judge(outer, await encrypt(outer, once, { cty: "JWT" }))).toBe("malformed");
      expect(await judge(outer, once)).toBe("ok");
    }
  });

  test("is judged by its own type, and its claims are its own", async () => {
    const inner = mint(es, claims(), { alg: "ES256", kid: es.kid, typ: "at+jwt" });
    const token = await encrypt(key, inner, { cty: "JWT", typ: "JWT" });
    const strict = createTestJudge({
      ring,
      decryption: [key.jwk],
      policy: { types: new Set(["at+jwt"]) },
    });
    const verdict = await strict(token);
    expect(verdict).toMatchObject({ isValid: true, token: { alg: "ES256", kid: es.kid } });
    expect(verdict.token?.jweHeaderText).toContain('"RSA-OAEP"');
    expect(verdict.token?.claimsText).toBe(JSON.stringify(claims()));
    const lax = await encrypt(key, mint(es, claims()), { cty: "JWT", typ: "at+jwt" });
    expect(await outcome(strict(lax))).toBe("claim");
  });

  test("is not excused from the algorithms of the policy", async () => {
    const policy = { algorithms: new Set(["RS256"]) };
    const strict = createTestJudge({ ring, decryption: [key.jwk], policy });
    expect(await outcome(strict(await encrypt(key, nested(), { cty: "JWT" })))).toBe("algorithm");
    const other = await encrypt(key, nested(claims(), rs), { cty: "JWT" });
    expect(await outcome(strict(other))).toBe("ok");
  });
});

describe("bare claims of an issuer", () => {
  const A = "https://a";
  const B = "https://b";
  const shared = keyOf("dir", "A256GCM");
  const wrap = keyOf("A256KW", "A256GCM");
  const mine = (key: typeof shared, iss: unknown) => encrypt(key, claims({ iss }));
  const ofB = { ...wrap, jwk: { ...wrap.jwk, issuer: B } };

  test("count only where the list of algorithms that applies has the encryption's", async () => {
    const judged = createTestJudge({
      ring,
      decryption: [shared.jwk, wrap.jwk],
      byIssuer: {
        [B]: { algorithms: new Set(["RS256"]) },
        "https://c": { algorithms: new Set(["RS256", "dir"]) },
        "https://d": { algorithms: new Set() },
      },
    });
    const rows = [
      [await mine(shared, A), "ok"],
      [await mine(shared, B), "algorithm"],
      [await mine(wrap, B), "algorithm"],
      [await mine(shared, "https://c"), "ok"],
      [await mine(wrap, "https://c"), "algorithm"],
      [await mine(shared, "https://d"), "algorithm"],
      [await mine(shared, undefined), "ok"],
      // What is signed is judged by its signature's algorithm, whatever it was wrapped in.
      [await encrypt(shared, nested(claims({ iss: B }), rs), { cty: "JWT" }), "ok"],
      [await encrypt(shared, nested(claims({ iss: B }), es), { cty: "JWT" }), "algorithm"],
    ] as const;
    for (const [token, detail] of rows) expect(await outcome(judged(token))).toBe(detail);
    const common = { ring, decryption: [shared.jwk], policy: { algorithms: new Set(["RS256"]) } };
    expect(await outcome(createTestJudge(common)(await mine(shared, A)))).toBe("algorithm");
  });

  test("are opened by a bound key for its own issuer alone, by another key for any", async () => {
    const judged = createTestJudge({ ring, decryption: [shared.jwk, ofB.jwk] });
    const rows = [
      [B, "ok", "ok"],
      [A, "unknown_key", "ok"],
      [`${B}/`, "unknown_key", "ok"],
      [undefined, "unknown_key", "ok"],
      [[B], "unknown_key", "issuer"],
    ] as const;
    for (const [iss, byBound, byFree] of rows) {
      expect(await outcome(judged(await mine(ofB, iss)))).toBe(byBound);
      expect(await outcome(judged(await mine(shared, iss)))).toBe(byFree);
    }
  });

  test("and nested tokens are bound alike", async () => {
    const judged = createTestJudge({ ring, decryption: [ofB.jwk], rememberedTokens: 10 });
    for (const [iss, detail] of [
      [B, "ok"],
      [A, "unknown_key"],
    ] as const) {
      const token = await encrypt(ofB, nested(claims({ iss })), { cty: "JWT" });
      expect(await outcome(judged(token))).toBe(detail);
      expect(await outcome(judged(token))).toBe(detail);
    }
  });
});

describe("a JWE that is refused before any key is used", () => {
  const key = keyOf("dir", "A128GCM");
  const wrap = keyOf("A128KW", "A128GCM");
  test.each([
    ["RSA1_5", { alg: "RSA1_5", enc: "A128GCM" }],
    ["PBES2", { alg: "PBES2-HS256+A128KW", enc: "A128GCM", p2s: "AAAAAAAAAAA", p2c: 2 ** 31 }],
    ["none", { alg: "none", enc: "A128GCM" }],
    ["a signature's algorithm", { alg: "HS256", enc: "A128GCM" }],
    ["RSA-OAEP-512", { alg: "RSA-OAEP-512", enc: "A128GCM" }],
    ["an algorithm in lower case", { alg: "DIR", enc: "A128GCM" }],
    ["an inherited algorithm", { alg: "constructor", enc: "A128GCM" }],
    ["an unknown encryption", { alg: "dir", enc: "A128CTR" }],
    ["an inherited encryption", { alg: "dir", enc: "__proto__" }],
    ["an algorithm for an encryption", { alg: "dir", enc: "A128KW" }],
    ["zip", { alg: "dir", enc: "A128GCM", zip: "DEF" }],
    ["zip that is empty", { alg: "dir", enc: "A128GCM", zip: "" }],
    ["zip that is null", { alg: "dir", enc: "A128GCM", zip: null }],
  ])("for %s", async (_, header) => {
    const started = performance.now();
    expect(await judge(key, fake(header))).toBe("algorithm");
    expect(performance.now() - started).toBeLessThan(50);
  });

  test("for compression, although the rest would hold, and holds without it", async () => {
    const packed = await encrypt(key, claims(), { zip: "DEF" });
    expect(await judge(key, packed)).toBe("algorithm");
    expect(await judge(key, await encrypt(key, claims()))).toBe("ok");
  });

  test("for RSA1_5, although the key is the token's, and opens it by RSA-OAEP", async () => {
    const rsa = withoutAlg(keyOf("RSA-OAEP", "A256GCM"));
    expect(await judge(rsa, encryptRsa15(rsa, nested(), { cty: "JWT" }))).toBe("algorithm");
    expect(await judge(rsa, await encrypt(rsa, nested(), { cty: "JWT" }))).toBe("ok");
  });

  test.each(["PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"])(
    "for %s, although the password is the key, and opens it directly",
    async (alg) => {
      const password = withoutAlg(keyOf("dir", "A192GCM"));
      expect(await judge(password, await encryptPbes2(password, alg, 1000, claims()))).toBe(
        "algorithm",
      );
      expect(await judge(password, await encrypt(password, claims()))).toBe("ok");
    },
  );

  test.each([
    ["a kid that nobody has", { kid: "nobody" }],
    ["an empty kid", { kid: "" }],
    ["another algorithm than the key's", { alg: "A128KW", kid: key.kid }],
    ["an encryption of another key size", { enc: "A256GCM", kid: key.kid }],
  ])("for %s", async (_, more) => {
    const header = { alg: "dir", enc: "A128GCM", ...more };
    expect(await judge(key, fake(header, "AAAA"))).toBe("unknown_key");
  });

  test.each([
    ["an encrypted key where there must be none", key, Buffer.alloc(24)],
    ["no encrypted key where there must be one", wrap, Buffer.alloc(0)],
    ["an encrypted key of an empty key", wrap, Buffer.alloc(8)],
    ["an encrypted key of no whole blocks", wrap, Buffer.alloc(23)],
    ["an encrypted key of megabytes", wrap, Buffer.alloc(1_000_000)],
  ])("and says decrypt for %s", async (_, its, encryptedKey) => {
    const token = await encrypt(its, claims());
    const judged = createTestJudge({ decryption: [its.jwk], maxTokenBytes: 2_000_000 });
    const changed = withPart(token, 1, encryptedKey.toString("base64url"));
    expect(await outcome(judged(changed))).toBe("decrypt");
    expect(await outcome(judged(token))).toBe("ok");
  });
});
