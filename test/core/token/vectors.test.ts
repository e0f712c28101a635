import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDecryptionKeys } from "../../../src/core/jwks/decryption-key.ts";
import { parseKeySet } from "../../../src/core/jwks/key-set.ts";
import { authenticateJws } from "../../../src/core/token/authenticate.ts";
import { parseCompact } from "../../../src/core/token/compact.ts";
import { openJwe } from "../../../src/core/token/jwe.ts";
import { mint } from "../../helpers/mint.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { createTestJudge, outcome, POLICY, ringOf } from "./judging.ts";

type Json = Readonly<Record<string, unknown>>;

const FOLDER = join(import.meta.dir, "../../../../shared/vectors");
const isThere = existsSync(FOLDER);

function read(name: string): unknown {
  if (!isThere) return { tests: [], testGroups: [] };
  return JSON.parse(readFileSync(join(FOLDER, name), "utf8"));
}

/** What comes of a JWS whose payload need not be a claim set: `malformed` only once its signature held. */
async function signatureOf(token: unknown, keys: readonly Json[]): Promise<string> {
  if (typeof token !== "string") return "not compact";
  const compact = parseCompact(token, 65_536);
  if (typeof compact === "string") return `not taken apart: ${compact}`;
  if (compact.kind !== "jws") return "no JWS";
  const grounds = {
    ring: await ringOf(keys),
    decryptionKeys: [],
    policies: { common: POLICY, byIssuer: new Map() },
  };
  const found = authenticateJws(compact, undefined, grounds);
  return typeof found === "object" || found === "malformed" ? "holds" : found;
}

/** What comes of a JWE: what kind of thing was inside, or the detail. */
async function contentOf(token: unknown, key: Json): Promise<string> {
  if (typeof token !== "string") return "not compact";
  const compact = parseCompact(token, 65_536);
  if (typeof compact === "string") return compact;
  if (compact.kind !== "jwe") return "no JWE";
  const opened = await openJwe(compact, parseDecryptionKeys(JSON.stringify(key)));
  return typeof opened === "string" ? opened : opened.kind;
}

interface Wycheproof {
  readonly testGroups: readonly {
    readonly comment: string;
    readonly private: Json;
    readonly public?: Json;
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly jws?: unknown;
      readonly jwe?: unknown;
      readonly result: "valid" | "invalid";
    }[];
  }[];
}

describe.skipIf(!isThere)("Wycheproof's JSON Web Crypto", () => {
  // A set of secrets and public keys in one is what the seed's format is for; algorithms are bound to keys.
  const MEANT = new Set([47]);
  for (const group of (read("wycheproof_json_web_crypto_test.json") as Wycheproof).testGroups) {
    for (const { tcId, comment, jws, jwe, result } of group.tests) {
      if (MEANT.has(tcId)) continue;
      test(`${tcId} ${group.comment}: ${comment}`, async () => {
        if (jwe !== undefined) {
          const content = await contentOf(jwe, group.private);
          expect(["claims", "nested"].includes(content)).toBe(result === "valid");
          return;
        }
        const { keys = [group.public ?? group.private] } = group.private as { keys?: Json[] };
        expect(await signatureOf(jws, keys)).toEqual(
          result === "valid" ? "holds" : expect.not.stringMatching(/^holds$/),
        );
      });
    }
  }
});

interface Rfc7515 {
  readonly tests: readonly {
    readonly id: string;
    readonly jwk?: Json | null;
    readonly token: string;
  }[];
}

describe.skipIf(!isThere)("RFC 7515, appendix A", () => {
  const END = 1_300_819_380;
  for (const { id, jwk, token } of (read("rfc7515_appendix_a.json") as Rfc7515).tests) {
    test(id, async () => {
      const ring = await ringOf(jwk ? [jwk] : []);
      const at = (now: number) => outcome(createTestJudge({ ring, now: () => now })(token));
      if (id.endsWith("A.5")) expect(await at(END - 1)).toBe("algorithm");
      else if (id.endsWith("A.4")) expect(await signatureOf(token, [jwk ?? {}])).toBe("holds");
      else {
        expect(await at(END - 1)).toBe("ok");
        expect(await at(END + 5)).toBe("expired");
      }
    });
  }
});

interface Cookbook {
  readonly input: { readonly key: Json };
  readonly output: { readonly compact?: string; readonly json?: unknown };
}

function load(name: string): Cookbook {
  return read(`ietf-jose-cookbook/${name}.json`) as Cookbook;
}

interface NestedVector {
  readonly sign: { readonly input: { readonly key: Json } };
  readonly encrypt: {
    readonly input: { readonly key: Json };
    readonly output: { readonly compact: string };
  };
}

describe.skipIf(!isThere)("the JOSE cookbook", () => {
  test.each([
    "4_1.rsa_v15_signature",
    "4_2.rsa-pss_signature",
    "4_3.ecdsa_signature",
    "4_4.hmac-sha2_integrity_protection",
  ])("verifies %s, and not with one character changed", async (name) => {
    const { input, output } = load(`jws/${name}`);
    const { compact = "" } = output;
    const alg = name.startsWith("4_2") ? { alg: "PS384" } : {};
    const key = toPublic({ ...input.key, ...alg });
    expect(await signatureOf(compact, [key])).toBe("holds");
    const swapped = compact.replace(/.(.{10})$/, (last, rest: string) =>
      last.startsWith("A") ? `B${rest}` : `A${rest}`,
    );
    expect(await signatureOf(swapped, [key])).toBe("signature");
  });

  test.each([
    "4_6.protecting_specific_header_fields",
    "4_7.protecting_content_only",
    "4_8.multiple_signatures",
  ])("refuses the JSON form of %s", async (name) => {
    const text = JSON.stringify(load(`jws/${name}`).output.json);
    expect(parseCompact(text, 65_536)).toBe("malformed");
  });

  test("verifies Ed25519", async () => {
    const { input, output } = load("curve25519/jws");
    expect(await signatureOf(output.compact, [toPublic(input.key)])).toBe("holds");
  });

  test.each([
    ["5_2.key_encryption_using_rsa-oaep_with_aes-gcm", "nested"],
    ["5_4.key_agreement_with_key_wrapping_using_ecdh-es_and_aes-keywrap_with_aes-gcm", "nested"],
    ["5_5.key_agreement_using_ecdh-es_with_aes-cbc-hmac-sha2", "nested"],
    ["5_6.direct_encryption_using_aes-gcm", "claims"],
    ["5_7.key_wrap_using_aes-gcm_keywrap_with_aes-cbc-hmac-sha2", "claims"],
    ["5_8.key_wrap_using_aes-keywrap_with_aes-gcm", "claims"],
    ["5_9.compressed_content", "algorithm"],
  ])("opens %s as %s", async (name, expected) => {
    const { input, output } = load(`jwe/${name}`);
    expect(await contentOf(output.compact, input.key)).toBe(expected);
  });

  test.each([
    ["5_1.key_encryption_using_rsa_v15_and_aes-hmac-sha2"],
    ["5_3.key_wrap_using_pbes2-aes-keywrap_with-aes-cbc-hmac-sha2"],
  ])("refuses %s without looking for a key", async (name) => {
    const compact = parseCompact(load(`jwe/${name}`).output.compact ?? "", 65_536);
    if (typeof compact === "string" || compact.kind !== "jwe") throw new TypeError("no JWE");
    expect(await openJwe(compact, [])).toBe("algorithm");
  });

  test("refuses an unencoded payload (RFC 7797)", () => {
    const text = JSON.stringify(read("ietf-jose-cookbook/rfc7797/4.2.hmac-sha2_b64_false.json"));
    const compact = /[\w-]+\.[^".]*\.[\w-]+/g;
    for (const [token] of text.matchAll(compact)) {
      expect(parseCompact(token, 65_536)).toBeString();
    }
  });

  test("verifies what is nested, at its time", async () => {
    const vector = read(
      "ietf-jose-cookbook/6.nesting_signatures_and_encryption.json",
    ) as NestedVector;
    const ring = await ringOf([toPublic({ ...vector.sign.input.key, alg: "PS256" })]);
    const decryption = [{ ...vector.encrypt.input.key }];
    const at = (now: number) =>
      outcome(createTestJudge({ ring, decryption, now: () => now })(vector.encrypt.output.compact));
    expect(await at(1_300_819_379)).toBe("ok");
    expect(await at(1_300_819_385)).toBe("expired");
  });
});

interface Envoy {
  readonly tests: readonly {
    readonly test: string;
    readonly expected: string;
    readonly jwt: string;
    readonly jwks: string;
    readonly payload?: string;
  }[];
}

describe.skipIf(!isThere)("Envoy's cases", () => {
  const rs = createSigningKey("RS256");
  // What Envoy's parser says of a claim's type; the same is said here, or the claim is nobody's business.
  const details = new Map([
    ["Ok", "ok"],
    ["JwtPayloadParseErrorIssNotString", "issuer"],
    ["JwtPayloadParseErrorIatNotInteger", "claim"],
    ["JwtPayloadParseErrorNbfNotInteger", "claim"],
    ["JwtPayloadParseErrorExpNotInteger", "claim"],
    ["JwtPayloadParseErrorAudNotString", "audience"],
  ]);
  for (const { test: name, expected, jwt, payload = "" } of (
    read("jwt_verify_lib_parse_cases.json") as Envoy
  ).tests) {
    const detail = details.get(expected);
    if (detail !== undefined) {
      test(`${name}, signed again, is ${detail}`, async () => {
        const judged = createTestJudge({
          ring: await ringOf([rs.jwk]),
          now: () => 12_000,
          policy: {
            requireExp: false,
            ...(detail === "audience" ? { audiences: new Set(["aud1"]) } : {}),
          },
          maxTokenBytes: 65_536,
        });
        expect(await outcome(judged(mint(rs, payload)))).toBe(detail);
      });
    }
    if (/BadFormat|BadBase64|BadJson|BadAlg|BadKid/.test(expected)) {
      test(`${name} is refused`, async () => {
        const judged = createTestJudge({ ring: await ringOf([rs.jwk]), maxTokenBytes: 65_536 });
        expect(["malformed", "algorithm", "unknown_key", "signature"]).toContain(
          await outcome(judged(jwt)),
        );
      });
    }
  }

  // Envoy guesses a curve where none is named, and takes a PEM text alone for a set.
  const LENIENT = /MissingBothAlgCrv|MissingCrv|UnspecifiedCrv|pem/i;
  for (const { test: name, expected, jwks } of (read("jwt_verify_lib_jwks_cases.json") as Envoy)
    .tests) {
    if (LENIENT.test(name)) continue;
    test(`${name} gives ${expected === "Ok" ? "keys" : "no key"}`, async () => {
      const set = await parseKeySet(jwks, {
        source: "x",
        issuer: undefined,
        allowShortSecrets: false,
      }).catch((error: unknown) => {
        expect(error).toMatchObject({ name: "KeySetError" });
        return { keys: [] };
      });
      expect(set.keys.length > 0).toBe(expected === "Ok");
    });
  }
});

/** The public half of a JWK; a secret stays. */
function toPublic(key: Json): Json {
  const kept = Object.entries(key).filter(
    ([name]) => !["d", "p", "q", "dp", "dq", "qi"].includes(name),
  );
  return Object.fromEntries(kept);
}
