import { describe, expect, test } from "bun:test";
import { subjectTag } from "../../../src/core/feed/subject-tag.ts";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import { parseClaimSelection } from "../../../src/core/token/claim-vars.ts";
import { refused, type AuthenticToken, type Verdict } from "../../../src/core/token/verdict.ts";
import { toPublicJson, toVerifierJson } from "../../../src/http/token-server/answer.ts";

const CLAIMS =
  '{ "sub":"b\\u00f6b",\r\n\t"cs":9223372036854775807 , "n":1.50,"z":{"b":1,"a":2},"2":1,"1":2}';
const HEADER = '{"alg":"dir","enc":"A128GCM","n":1.0}';
const AT = { seq: 12, epoch: 'e"1' };

function tokenOf(more: Partial<AuthenticToken> = {}): AuthenticToken {
  return {
    claimsText: CLAIMS,
    claims: parseJsonObject(CLAIMS),
    isStateless: true,
    subjects: ["böb"],
    issuer: undefined,
    jweHeaderText: undefined,
    alg: "RS256",
    kid: "k",
    keyThumbprint: "t",
    keySource: "s",
    ...more,
  };
}

function accepted(more: Partial<AuthenticToken> = {}, untilSeconds?: number): Verdict {
  return { isValid: true, token: tokenOf(more), untilSeconds };
}

function verifierJson(verdict: Verdict, isTrusted = true, claims = "sub,cs,z"): string {
  return toVerifierJson(verdict, isTrusted, parseClaimSelection(claims), AT);
}

describe("toPublicJson", () => {
  test("puts the claims in as they were signed, byte for byte", () => {
    expect(toPublicJson(accepted(), false)).toBe(
      `{"valid":"1","reason":"ok","body":${CLAIMS},"stateless":"1"}`,
    );
    expect(toPublicJson(accepted({ isStateless: false }), false)).toEndWith(',"legacy":"1"}');
  });

  test("says why, and of the claims only where the signature held", () => {
    expect(toPublicJson(refused("signature"), true)).toBe(
      '{"valid":"0","reason":"E_TKN_INVALID","detail":"signature"}',
    );
    expect(toPublicJson(refused("audience", tokenOf()), false)).toBe(
      `{"valid":"0","reason":"E_AUD_MISMATCH","detail":"audience","body":${CLAIMS},"stateless":"1"}`,
    );
  });

  test("shows a JWE's claims and header to a trusted caller alone", () => {
    const verdict = accepted({ jweHeaderText: HEADER });
    expect(toPublicJson(verdict, false)).toBe('{"valid":"1","reason":"ok","stateless":"1"}');
    expect(toPublicJson(verdict, true)).toBe(
      `{"valid":"1","reason":"ok","body":${CLAIMS},"header":${HEADER},"stateless":"1"}`,
    );
    const expired = refused("expired", tokenOf({ jweHeaderText: HEADER }));
    expect(toPublicJson(expired, false)).not.toContain("sub");
  });

  test("is JSON, whatever the claims are", () => {
    const text = '{"__proto__":1,"body":"\\"}","valid":"0","\\u2028":"</script>"}';
    const verdict = accepted({ claimsText: text, claims: parseJsonObject(text) });
    expect(JSON.parse(toPublicJson(verdict, false))).toMatchObject({ valid: "1", reason: "ok" });
  });
});

describe("toVerifierJson", () => {
  test("gives texts that are ready for headers and variables", () => {
    expect(JSON.parse(verifierJson(accepted({}, 1_700_000_000)))).toEqual({
      valid: "1",
      reason: "ok",
      stateless: "1",
      body: CLAIMS.replaceAll(/[\r\n\t]/g, " "),
      vars: { sub: "böb", cs: "9223372036854775807", z: '{"b":1,"a":2}' },
      tags: [subjectTag(AT.epoch, "böb")],
      until: 1_700_000_000,
      seq: 12,
      epoch: 'e"1',
    });
  });

  test("gives the claims encoded to who wants them so, every byte as it was", () => {
    const asked = { number: "7", wantsEncodedBody: true };
    const json = toVerifierJson(accepted(), true, parseClaimSelection("*"), AT, asked);
    const answer = JSON.parse(json) as { readonly body: string };
    expect(Buffer.from(answer.body, "base64url").toString()).toBe(CLAIMS);
    expect(json.startsWith(`{"question":7,`)).toBe(true);
  });

  test("leaves the end out where there is none, and the claims of a JWE for a stranger", () => {
    const verdict = accepted({ jweHeaderText: HEADER });
    expect(JSON.parse(verifierJson(verdict, false))).toEqual({
      valid: "1",
      reason: "ok",
      stateless: "1",
      seq: 12,
      epoch: 'e"1',
    });
    expect(JSON.parse(verifierJson(verdict))).toMatchObject({ header: HEADER });
  });

  test.each([
    ["signature", true],
    ["malformed", true],
    ["decrypt", true],
    ["algorithm", true],
    ["unknown_key", undefined],
    ["unavailable", undefined],
    ["internal", undefined],
  ] as const)("marks the refusal %s as final: %p", (detail, final) => {
    const answer = JSON.parse(verifierJson(refused(detail))) as Record<string, unknown>;
    expect(answer["final"]).toBe(final);
    for (const name of ["body", "vars", "header", "until", "stateless", "legacy"]) {
      expect(answer).not.toHaveProperty(name);
    }
  });

  test("gives claims beside a refusal for what the token says, and no end", () => {
    const answer = JSON.parse(verifierJson(refused("not_yet_valid", tokenOf())));
    expect(answer).toMatchObject({ valid: "0", detail: "not_yet_valid", vars: { sub: "böb" } });
    expect(answer).not.toHaveProperty("until");
    expect(answer).not.toHaveProperty("final");
    expect(JSON.parse(verifierJson(refused("expired", tokenOf())))).toMatchObject({ final: true });
  });

  test("carries a claim called __proto__ as any other", () => {
    const text = '{"__proto__":"x","sub":"bob"}';
    const verdict = accepted({ claimsText: text, claims: parseJsonObject(text) });
    expect(verifierJson(verdict, true, "*")).toContain('"vars":{"__proto__":"x","sub":"bob"}');
  });
});
