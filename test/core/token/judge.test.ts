import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { certify } from "../../helpers/certificate.ts";
import { createDecryptionKey, encrypt } from "../../helpers/decryption-keys.ts";
import { encode, headerOf, mint, withPart } from "../../helpers/mint.ts";
import {
  ALGORITHMS,
  createSecretKey,
  createSigningKey,
  toSigningKey,
} from "../../helpers/signing-keys.ts";
import { claims, createTestJudge, NOW, outcome, ringOf } from "./judging.ts";

const A = "https://a";
const B = "https://b";
const hs = createSecretKey("HS256", "hs", "s".repeat(64));
const rs = createSigningKey("RS256", "rs");
const es = createSigningKey("ES256", "es");
const foreign = createSigningKey("RS256", "rs");
const ring = await ringOf([hs.entry, rs.entry, es.entry]);
const judge = createTestJudge({ ring });

/** A token whose HMAC anybody could make who knows the secret. */
function forgedBy(secret: string | Buffer, header: object): string {
  const input = `${encode(header)}.${encode(claims())}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
}

function failToFind(): never {
  throw new Error("the rules cannot be read");
}

describe("the judge", () => {
  test.each([...ALGORITHMS])("accepts %s under a key that says so", async (alg) => {
    const key = createSigningKey(alg);
    const judged = createTestJudge({ ring: await ringOf([key.jwk]) });
    const verdict = judged(mint(key, claims()));
    expect(verdict).toMatchObject({
      isValid: true,
      untilSeconds: NOW + 105,
      token: { alg, kid: key.kid, issuer: A, subjects: ["bob"], isStateless: true },
    });
    expect(await outcome(judged(mint(createSigningKey(alg), claims())))).toBe("signature");
  });

  test("judges a JWS in the turn it is asked in", () => {
    expect(judge(mint(rs, claims()))).not.toBeInstanceOf(Promise);
  });

  test("gives the claims as they were signed", () => {
    const text = ` { "st":1,\r\n"exp" : ${NOW}.50 , "cs":9223372036854775807 } `;
    expect(judge(mint(rs, text))).toMatchObject({ isValid: true, token: { claimsText: text } });
  });

  const good = mint(rs, claims());
  const signed = (header: object, key = rs) => mint(key, claims(), header);
  const publicTexts = [
    ["PEM", String(rs.entry["cert"])],
    ["PEM without its last line break", String(rs.entry["cert"]).trimEnd()],
    ["JWK", JSON.stringify(rs.jwk)],
  ] as const;

  test.each<readonly [name: string, token: string, detail: string]>([
    ["nothing", "", "missing"],
    ["what is no token", "x", "malformed"],
    ["a token too large", mint(rs, claims({ x: "x".repeat(9000) })), "too_large"],
    ["a signature of another key", mint(foreign, claims()), "signature"],
    ["other claims", withPart(good, 1, encode(claims({ sub: "root" }))), "signature"],
    ["another header", withPart(good, 0, encode({ ...headerOf(rs), x: 1 })), "signature"],
    ["no signature", withPart(good, 2, ""), "signature"],
    [
      "a signature of another token",
      withPart(good, 2, mint(rs, {}).split(".")[2] ?? ""),
      "signature",
    ],
    ["a kid that nobody has", signed({ alg: "RS256", kid: "x" }), "unknown_key"],
    ["a kid of a path", signed({ alg: "RS256", kid: "../../rs" }), "unknown_key"],
    ["a kid of SQL", signed({ alg: "RS256", kid: "rs' OR '1'='1" }), "unknown_key"],
    ["a kid of 8 KiB", signed({ alg: "RS256", kid: "k".repeat(5000) }), "unknown_key"],
    ["a kid called __proto__", signed({ alg: "RS256", kid: "__proto__" }), "unknown_key"],
    ["an empty kid", signed({ alg: "RS256", kid: "" }), "unknown_key"],
    ["another key's kid", signed({ alg: "RS256", kid: "hs" }), "algorithm"],
    ["RS256 as PS256", signed({ alg: "PS256", kid: "rs" }), "algorithm"],
    ["RS256 as HS256", signed({ alg: "HS256", kid: "rs" }), "algorithm"],
    ["ES256 as ES384", signed({ alg: "ES384", kid: "es" }, es), "algorithm"],
    [
      "a header of its own key",
      signed({ alg: "RS256", kid: "x", jwk: foreign.jwk }, foreign),
      "unknown_key",
    ],
    [
      "a header of a key elsewhere",
      signed({ alg: "RS256", kid: "x", jku: "http://127.0.0.1:1/" }, foreign),
      "unknown_key",
    ],
    [
      "a certificate in its header",
      signed({ alg: "RS256", kid: "rs", x5c: [certify(foreign)] }, foreign),
      "signature",
    ],
  ])("refuses %s", async (_, token, detail) => {
    expect(await outcome(judge(token))).toBe(detail);
    expect(await outcome(judge(good))).toBe("ok");
  });

  for (const alg of ["none", "None", "NONE", "nOnE", "", " none", "none ", "null", "constructor"]) {
    for (const kid of ["rs", undefined]) {
      test(`refuses the algorithm ${JSON.stringify(alg)} with kid ${kid}`, async () => {
        const header = kid === undefined ? { alg } : { alg, kid };
        const unsigned = `${encode(header)}.${encode(claims())}.`;
        expect(await outcome(judge(unsigned))).toBe("algorithm");
        expect(await outcome(judge(signed(header)))).toBe("algorithm");
      });
    }
  }
  test.each(["rs256", "RS256 ", "RS-256", "sha256WithRSAEncryption", "RS256\u0000"])(
    "refuses the algorithm's name written %p",
    async (alg) => {
      expect(await outcome(judge(signed({ alg, kid: "rs" })))).toBe("algorithm");
    },
  );

  test.each(publicTexts)("refuses a public key's %s as an HMAC secret", async (_, text) => {
    for (const alg of ["HS256", "hs256"]) {
      for (const kid of ["rs", "hs", "nobody"]) {
        expect(await outcome(judge(forgedBy(text, { alg, kid })))).not.toBe("ok");
      }
      expect(await outcome(judge(forgedBy(text, { alg })))).not.toBe("ok");
    }
    // Beside it: the same making, with the right secret.
    expect(await outcome(judge(forgedBy("s".repeat(64), { alg: "HS256", kid: "hs" })))).toBe("ok");
  });

  test.each(["", " ", "\u0000", "secret", "hs"])("refuses the secret %p", async (secret) => {
    expect(await outcome(judge(forgedBy(secret, { alg: "HS256", kid: "hs" })))).toBe("signature");
  });

  test("says that claims are malformed only where the signature holds", async () => {
    expect(await outcome(judge(mint(rs, "[]")))).toBe("malformed");
    expect(await outcome(judge(mint(foreign, "[]")))).toBe("signature");
    expect(await outcome(judge(mint(rs, "[]", { alg: "RS256", kid: "x" })))).toBe("unknown_key");
  });

  test("binds an issuer's keys to its tokens, and its policy", async () => {
    const bound = await ringOf({ [A]: [rs.entry], [B]: [es.entry], "": [hs.entry] });
    const judged = createTestJudge({
      ring: bound,
      byIssuer: { [B]: { audiences: new Set(["x"]), algorithms: new Set(["ES256"]) } },
    });
    const rows: readonly (readonly [token: string, detail: string])[] = [
      [mint(rs, claims({ iss: A })), "ok"],
      [mint(es, claims({ iss: B, aud: "x" })), "ok"],
      [mint(es, claims({ iss: B })), "audience"],
      [mint(rs, claims({ iss: B })), "algorithm"],
      [mint(es, claims({ iss: A })), "unknown_key"],
      [mint(es, claims({ iss: undefined })), "unknown_key"],
      [mint(es, claims({ iss: [B] })), "unknown_key"],
      [mint(es, claims({ iss: `${B}/` })), "unknown_key"],
      [mint(es, `{"iss":"${B}","iss":"${A}","exp":${NOW + 9}}`), "unknown_key"],
      [mint(rs, claims({ iss: A }), { alg: "RS256" }), "ok"],
      [mint(rs, claims({ iss: B }), { alg: "RS256" }), "algorithm"],
      [mint(hs, claims({ iss: A })), "ok"],
      [mint(hs, claims({ iss: B, aud: "x" })), "algorithm"],
      [mint(hs, claims({ iss: "https://c" })), "ok"],
    ];
    for (const [token, detail] of rows) expect(await outcome(judged(token))).toBe(detail);
  });

  test("tries each key of a kid, and says signature where none holds", async () => {
    const second = createSigningKey("RS256", "rs");
    const both = createTestJudge({ ring: await ringOf([rs.entry, second.entry]) });
    expect(await outcome(both(mint(rs, claims())))).toBe("ok");
    expect(await outcome(both(mint(second, claims())))).toBe("ok");
    expect(await outcome(both(mint(foreign, claims())))).toBe("signature");
  });

  test("keeps one key to its one algorithm", async () => {
    const { privateKey } = rs;
    if (privateKey === undefined) throw new TypeError("no key");
    const pss = toSigningKey("PS256", "rs", privateKey);
    const rs512 = toSigningKey("RS512", "rs", privateKey);
    const onlyPss = createTestJudge({ ring: await ringOf([pss.jwk]) });
    expect(await outcome(onlyPss(mint(pss, claims())))).toBe("ok");
    expect(await outcome(onlyPss(mint(rs, claims())))).toBe("algorithm");
    const onlyRs256 = createTestJudge({ ring: await ringOf([rs.jwk]) });
    expect(await outcome(onlyRs256(mint(rs, claims())))).toBe("ok");
    expect(await outcome(onlyRs256(mint(rs512, claims())))).toBe("algorithm");
    expect(await outcome(judge(mint(rs512, claims())))).toBe("ok");
    expect(await outcome(judge(mint(pss, claims())))).toBe("algorithm");
  });
});

describe("revocation", () => {
  test("is asked for an otherwise valid token, with its subjects and issuer", async () => {
    const asked: unknown[] = [];
    const judged = createTestJudge({
      ring,
      findRevocation: (object, subjects, issuer, now) => {
        asked.push([object.get("sub"), subjects, issuer, now]);
        return { ruleId: 7 };
      },
    });
    const verdict = judged(mint(rs, claims({ username: "Bob" })));
    expect(verdict).toMatchObject({ isValid: false, detail: "revoked", ruleId: 7 });
    expect(await outcome(verdict)).toBe("revoked");
    expect(asked).toEqual([["bob", ["Bob", "bob"], A, NOW]]);
  });

  test("is not asked for a token that is refused anyway", async () => {
    const judged = createTestJudge({ ring, findRevocation: failToFind });
    expect(await outcome(judged(mint(foreign, claims())))).toBe("signature");
    expect(await outcome(judged(mint(rs, claims({ exp: 1 }))))).toBe("expired");
    expect(await outcome(judged(mint(rs, claims({ irt: 1 }))))).toBe("refresh_token");
    expect(() => judged(mint(rs, claims()))).toThrow("cannot be read");
  });

  test("that cannot be looked up lets nothing pass, a JWE neither", async () => {
    const dir = createDecryptionKey("dir", "A128GCM");
    const judged = createTestJudge({ ring, decryption: [dir.jwk], findRevocation: failToFind });
    expect(() => judged(mint(rs, claims()))).toThrow("cannot be read");
    expect(judged(await encrypt(dir, claims()))).rejects.toThrow("cannot be read");
  });
});
