import { describe, expect, test } from "bun:test";
import { KeyRing } from "../../../src/core/jwks/key-ring.ts";
import type { PolicySet } from "../../../src/core/token/policy.ts";
import { createDecryptionKey, encrypt } from "../../helpers/decryption-keys.ts";
import { encode, mint, withPart } from "../../helpers/mint.ts";
import { createSecretKey, createSigningKey } from "../../helpers/signing-keys.ts";
import { claims, createTestJudge, NOW, outcome, POLICY, ringOf } from "./judging.ts";

const A = "https://a";
const B = "https://b";
const rs = createSigningKey("RS256", "rs");
const es = createSigningKey("ES256", "es");
const foreign = createSigningKey("RS256", "rs");
const ring = await ringOf([
  createSecretKey("HS256", "hs", "s".repeat(64)).entry,
  rs.entry,
  es.entry,
]);
const judge = createTestJudge({ ring });

function thumbprint(kid: string, from = ring): string {
  const key = from.keys.find((one) => one.kid === kid);
  if (key === undefined) throw new TypeError(kid);
  return key.thumbprint;
}

describe("a signature that a verifier has vouched for", () => {
  const forged = mint(foreign, claims());

  test("spares only that step", async () => {
    const verifiedWith = thumbprint("rs");
    expect(await outcome(judge(forged, { verifiedWith }))).toBe("ok");
    expect(await outcome(judge(mint(foreign, claims({ exp: 1 })), { verifiedWith }))).toBe(
      "expired",
    );
    expect(await outcome(judge(mint(foreign, "[]"), { verifiedWith }))).toBe("malformed");
    expect(await outcome(judge(`${forged}=`, { verifiedWith }))).toBe("malformed");
  });

  test.each<readonly [name: string, verifiedWith: string | undefined]>([
    ["with no key", undefined],
    ["with an empty name", ""],
    ["with a key that nobody has", "A".repeat(43)],
    ["with another key of the ring", thumbprint("es")],
    ["with a secret of the ring", thumbprint("hs")],
    ["with a kid for a thumbprint", "rs"],
    ["with the thumbprint in another case", thumbprint("rs").toUpperCase()],
    ["with an inherited name", "constructor"],
  ])("counts for nothing %s", async (_, verifiedWith) => {
    expect(await outcome(judge(forged, { verifiedWith }))).toBe("signature");
    expect(await outcome(judge(mint(rs, claims()), { verifiedWith }))).toBe("ok");
  });

  test("counts for nothing where the key is for another algorithm, kid or issuer", async () => {
    const bound = await ringOf({ [A]: [rs.entry], "": [es.entry] });
    const judged = createTestJudge({ ring: bound });
    const verifiedWith = thumbprint("rs", bound);
    expect(await outcome(judged(mint(rs, claims()), { verifiedWith }))).toBe("ok");
    const others: readonly (readonly [token: string, detail: string])[] = [
      [mint(rs, claims({ iss: B })), "unknown_key"],
      [mint(rs, claims(), { alg: "RS256", kid: "es" }), "algorithm"],
      [mint(rs, claims(), { alg: "PS256", kid: "rs" }), "algorithm"],
      [mint(rs, claims(), { alg: "ES256", kid: "es" }), "signature"],
      [mint(rs, claims(), { alg: "none", kid: "rs" }), "algorithm"],
    ];
    for (const [token, detail] of others) {
      expect(await outcome(judged(token, { verifiedWith }))).toBe(detail);
    }
  });

  test("counts for nothing once the key has left the ring", async () => {
    let current = ring;
    const judged = createTestJudge({ ring: () => current, rememberedTokens: 10 });
    const verifiedWith = thumbprint("rs");
    expect(await outcome(judged(forged, { verifiedWith }))).toBe("ok");
    current = await ringOf([es.entry]);
    expect(await outcome(judged(forged, { verifiedWith }))).toBe("unknown_key");
  });

  test("counts for nothing inside a JWE", async () => {
    const dir = createDecryptionKey("dir", "A128GCM");
    const judged = createTestJudge({ ring, decryption: [dir.jwk] });
    const token = await encrypt(dir, forged, { cty: "JWT" });
    expect(await outcome(judged(token, { verifiedWith: thumbprint("rs") }))).toBe("signature");
  });
});

describe("remembered tokens", () => {
  const token = mint(rs, claims());

  test("are judged for their claims each time", async () => {
    let now = NOW;
    const judged = createTestJudge({ ring, now: () => now, rememberedTokens: 10 });
    expect(await outcome(judged(token))).toBe("ok");
    now = NOW + 104;
    expect(await outcome(judged(token))).toBe("ok");
    now = NOW + 105;
    expect(await outcome(judged(token))).toBe("expired");
    now = NOW - 1000;
    expect(await outcome(judged(token))).toBe("not_yet_valid");
  });

  test("are asked for their revocation each time", async () => {
    let rule: { ruleId: number } | undefined;
    const judged = createTestJudge({ ring, findRevocation: () => rule, rememberedTokens: 10 });
    expect(await outcome(judged(token))).toBe("ok");
    rule = { ruleId: 1 };
    expect(await outcome(judged(token))).toBe("revoked");
    rule = undefined;
    expect(await outcome(judged(token))).toBe("ok");
  });

  test("are forgotten with their keys, and under another policy", async () => {
    let current = ring;
    let policies: PolicySet = { common: POLICY, byIssuer: new Map() };
    const judged = createTestJudge({
      ring: () => current,
      policies: () => policies,
      rememberedTokens: 10,
    });
    expect(await outcome(judged(token))).toBe("ok");
    current = new KeyRing([]);
    expect(await outcome(judged(token))).toBe("unknown_key");
    current = ring;
    expect(await outcome(judged(token))).toBe("ok");
    const algorithms = new Set(["ES256"]);
    policies = { common: { ...POLICY, algorithms }, byIssuer: new Map() };
    expect(await outcome(judged(token))).toBe("algorithm");
  });

  test("are not what a verifier vouched for: the next one may be nobody", async () => {
    const judged = createTestJudge({ ring, rememberedTokens: 10 });
    const forged = mint(foreign, claims());
    const verifiedWith = thumbprint("rs");
    expect(await outcome(judged(forged, { verifiedWith }))).toBe("ok");
    expect(await outcome(judged(forged))).toBe("signature");
    expect(await outcome(judged(forged, { verifiedWith: "" }))).toBe("signature");
  });

  test("are remembered for exactly their bytes", async () => {
    const judged = createTestJudge({ ring, rememberedTokens: 10 });
    expect(await outcome(judged(token))).toBe("ok");
    const others = [
      `${token} `,
      ` ${token}`,
      token.slice(0, -1),
      withPart(token, 1, encode(claims({ sub: "root" }))),
      withPart(token, 2, mint(rs, {}).split(".")[2] ?? ""),
      `\ufffd${token}`,
      `\ud800${token}`,
    ];
    for (const other of others) expect(await outcome(judged(other))).not.toBe("ok");
    expect(await outcome(judged(token))).toBe("ok");
  });

  test("of a JWE are as of a JWS", async () => {
    let now = NOW;
    const dir = createDecryptionKey("dir", "A128GCM");
    const judged = createTestJudge({
      ring,
      decryption: [dir.jwk],
      now: () => now,
      rememberedTokens: 10,
    });
    const jwe = await encrypt(dir, claims());
    expect(await outcome(judged(jwe))).toBe("ok");
    expect(judged(jwe)).not.toBeInstanceOf(Promise);
    now = NOW + 105;
    expect(await outcome(judged(jwe))).toBe("expired");
  });
});
