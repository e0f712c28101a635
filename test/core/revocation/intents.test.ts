/** The everyday revocations: whom they match, when they end, what they say. */
import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { matchesCondition } from "../../../src/core/revocation/evaluate.ts";
import {
  allIntent,
  blockIntent,
  familyIdIntent,
  familyIntent,
  type Intent,
  type IntentTimes,
  tokenIntent,
  userIntent,
} from "../../../src/core/revocation/intents.ts";
import { tokenDigest, withDigest } from "../../../src/core/revocation/token-digest.ts";

const NOW = 1_800_000_000;
const TIMES: IntentTimes = { nowSeconds: NOW, skewSeconds: 5, maxTokenAgeSeconds: undefined };
const AGED: IntentTimes = { ...TIMES, maxTokenAgeSeconds: 3600 };

function claims(text: string): JsonObject {
  return parseJsonObject(text).object;
}

function matches(intent: Intent, text: string): boolean {
  return matchesCondition(intent.rule.condition, withDigest(claims(text), tokenDigest(text)));
}

function factsOf(text: string, subjects: readonly string[] = ["bob"], issuer?: string) {
  return { claims: claims(text), subjects, issuer, digest: tokenDigest(text) };
}

function expectDigestOnly(facts: ReturnType<typeof factsOf>, text: string): void {
  const { rule } = tokenIntent(facts, TIMES);
  expect(rule.text).toBe(`{"#sha256":"${tokenDigest(text)}"}`);
}

describe("revoking a user", () => {
  const intent = userIntent("bob", undefined, TIMES);

  test("matches what was issued until now plus the skew, and what does not say when", () => {
    expect(matches(intent, `{"iat":${NOW}}`)).toBe(true);
    expect(matches(intent, `{"iat":${NOW + 5}}`)).toBe(true);
    expect(matches(intent, "{}")).toBe(true);
    expect(matches(intent, `{"iat":${NOW + 6}}`)).toBe(false);
  });

  test("covers a token issued in the fraction of the second that is passing", () => {
    const within = userIntent("bob", undefined, {
      ...TIMES,
      nowSeconds: NOW + 0.7,
      skewSeconds: 0,
    });
    expect(matches(within, `{"iat":${NOW + 0.6}}`)).toBe(true);
  });

  test("never ends by itself, unless tokens are too old before", () => {
    expect(intent.expireAt).toBe(0);
    expect(userIntent("bob", undefined, AGED).expireAt).toBe(NOW + 5 + 3600 + 5 + 1);
  });

  test("says by how much it may reach beyond the moment it is written", () => {
    const late = userIntent("bob", undefined, { ...TIMES, nowSeconds: NOW + 0.1 });
    const ahead = late.aheadSeconds ?? 0;
    // An `iat` in whole seconds, of somebody who signs in that much later.
    expect(matches(late, `{"iat":${Math.floor(NOW + 0.1 + ahead)}}`)).toBe(false);
    expect(matches(late, `{"iat":${Math.floor(NOW + 0.1 + ahead - 1)}}`)).toBe(true);
    expect(allIntent("now", TIMES).aheadSeconds).toBe(ahead);
    expect(allIntent(NOW - 60, TIMES).aheadSeconds).toBeUndefined();
    expect(blockIntent("bob", undefined).aheadSeconds).toBeUndefined();
  });

  test("says so", () => {
    expect(intent.words).toBe(
      'Refuses every token of "bob" where iat is at most 1800000005 (2027-01-15 08:00:05 UTC) or is missing. It stands until it is lifted.',
    );
    expect(intent.scope).toEqual({ kind: "subject", subject: "bob", issuer: undefined });
  });
});

describe("blocking a user", () => {
  const intent = blockIntent("bob", "https://one");

  test("matches every token, whatever it says, for ever", () => {
    for (const text of ["{}", '{"iat":0}', '{"iat":9999999999}', '{"iat":null}', '{"iat":"x"}']) {
      expect(matches(intent, text)).toBe(true);
    }
    expect(intent.expireAt).toBe(0);
  });

  test("says so", () => {
    expect(intent.words).toBe(
      'Refuses every token of "bob" from issuer "https://one". It stands until it is lifted.',
    );
  });
});

describe("revoking a token", () => {
  const exp = NOW + 600;

  test("names it by jti, then cs, then the digest of its claims", () => {
    const byJti = `{"jti":"a","cs":5,"exp":${exp}}`;
    const byCs = `{"jti":"","cs":9007199254740993,"exp":${exp}}`;
    const byDigest = `{"sub":"bob","exp":${exp}}`;
    expect(tokenIntent(factsOf(byJti), TIMES).rule.text).toBe('{"jti":"a"}');
    expect(tokenIntent(factsOf(byCs), TIMES).rule.text).toBe('{"cs":9007199254740993}');
    const intent = tokenIntent(factsOf(byDigest), TIMES);
    expect(matches(intent, byDigest)).toBe(true);
    expect(matches(intent, `{"sub":"bob","exp":${exp + 1}}`)).toBe(false);
    // A claim of the digest's name says nothing.
    expect(matches(intent, `{"#sha256":"${tokenDigest(byDigest)}"}`)).toBe(false);
  });

  test("ends when no clock within the skew accepts the token any more", () => {
    expect(tokenIntent(factsOf(`{"jti":"a","exp":${exp}}`), TIMES).expireAt).toBe(exp + 5);
    expect(tokenIntent(factsOf(`{"jti":"a","exp":${exp}.5}`), TIMES).expireAt).toBe(exp + 6);
    expect(tokenIntent(factsOf('{"jti":"a"}'), TIMES).expireAt).toBe(0);
  });

  test("is for the token's subject and issuer; without a subject, for its issuer's tokens", () => {
    const text = `{"jti":"a","exp":${exp}}`;
    const own = tokenIntent(factsOf(text, ["bob", "b@x"], "https://one"), TIMES);
    expect(own.scope).toEqual({ kind: "subject", subject: "bob", issuer: "https://one" });
    const nobody = tokenIntent(factsOf(text, [], "https://one"), TIMES);
    expect(nobody.scope).toEqual({ kind: "global" });
    expect(nobody.rule.text).toBe('{"jti":"a","iss":"https://one"}');
  });

  test.each([
    ["empty", ""],
    ["longer than a rule's name", "L".repeat(1025)],
    ["with a NUL, which PostgreSQL cannot hold", "a\0b"],
  ])("goes by what is left where a subject or the issuer is %s", (_, name) => {
    const text = `{"jti":"a","exp":${exp}}`;
    const other = tokenIntent(factsOf(text, [name, "b@x"], "https://one"), TIMES);
    expect(other.scope).toEqual({ kind: "subject", subject: "b@x", issuer: "https://one" });
    const nobody = tokenIntent(factsOf(text, [name], "https://one"), TIMES);
    expect(nobody.scope).toEqual({ kind: "global" });
    expect(nobody.rule.text).toBe('{"jti":"a","iss":"https://one"}');
    expect(matches(nobody, '{"jti":"a","iss":"https://two"}')).toBe(false);
    const strange = tokenIntent(factsOf(text, ["bob"], name), TIMES);
    expect(strange.scope).toEqual({ kind: "global" });
    expect(matches(strange, `{"jti":"a","iss":${JSON.stringify(name)}}`)).toBe(true);
    expect(matches(strange, '{"jti":"a","iss":"https://one"}')).toBe(false);
    const family = familyIntent(factsOf('{"cs":5,"irt":1}', [name, "b@x"], name), TIMES);
    expect(family.scope).toEqual({ kind: "subject", subject: "b@x", issuer: undefined });
  });

  test("takes a subject of the length that a rule can have", () => {
    const longest = tokenIntent(factsOf(`{"jti":"a","exp":${exp}}`, ["L".repeat(1024)]), TIMES);
    expect(longest.scope.kind).toBe("subject");
  });

  test("takes the digest where a rule cannot hold the id or the issuer", () => {
    const long = "L".repeat(16_380);
    const texts = [`{"jti":"${long}","exp":${exp}}`, `{"cs":"${long}","exp":${exp}}`] as const;
    for (const text of texts) expectDigestOnly(factsOf(text), text);
    expectDigestOnly(factsOf(texts[0], [], "https://one"), texts[0]);
    const ofLongIssuer = `{"jti":"a","iss":"${long}","exp":${exp}}`;
    expectDigestOnly(factsOf(ofLongIssuer, ["bob"], long), ofLongIssuer);
  });

  test("never ends for an exp beyond what a calendar holds", () => {
    const last = 8_640_000_000_000;
    expect(tokenIntent(factsOf(`{"jti":"a","exp":${last - 1}}`), TIMES).expireAt).toBe(0);
    expect(tokenIntent(factsOf(`{"jti":"a","exp":${last - 9}}`), TIMES).expireAt).toBe(last - 4);
  });

  test("is refused when the token has expired", () => {
    expect(() => tokenIntent(factsOf(`{"jti":"a","exp":${NOW - 5}}`), TIMES)).toThrow(AppError);
    expect(tokenIntent(factsOf(`{"jti":"a","exp":${NOW - 4}}`), TIMES).expireAt).toBe(NOW + 1);
  });
});

describe("revoking a family", () => {
  test("matches the refresh token and all it issued, by either's paste", () => {
    const refresh = `{"cs":5,"irt":1,"exp":${NOW + 9}}`;
    const access = `{"cs":6,"rt":5,"exp":${NOW + 9}}`;
    for (const pasted of [refresh, access]) {
      const intent = familyIntent(factsOf(pasted), TIMES);
      expect(intent.rule.text).toBe('{"_or":true,"cs":5,"rt":5}');
      expect([matches(intent, refresh), matches(intent, access)]).toEqual([true, true]);
      expect(matches(intent, '{"cs":7,"rt":8}')).toBe(false);
      expect(intent.expireAt).toBe(0);
    }
  });

  test("ends only once the last token that the refresh token can issue is too old", () => {
    const intent = familyIntent(factsOf(`{"cs":5,"irt":1,"exp":${NOW + 9}}`), AGED);
    expect(intent.expireAt).toBe(NOW + 9 + 5 + 3600 + 5 + 1);
    expect(familyIntent(factsOf(`{"cs":6,"rt":5,"exp":${NOW + 9}}`), AGED).expireAt).toBe(0);
  });

  test.each(["fam1", "login.42", "007"])("by the id %p is the contract's rule", (id) => {
    const { rule, scope } = familyIdIntent(id, undefined, undefined);
    expect(rule.text).toBe(`{"_or":true,"cs":"${id}","rt":"${id}"}`);
    expect(scope).toEqual({ kind: "global" });
  });

  test("by its id matches numbers and texts", () => {
    const intent = familyIdIntent("9007199254740993", "bob", undefined);
    expect(matches(intent, '{"rt":9007199254740993}')).toBe(true);
    expect(matches(intent, '{"rt":9007199254740992}')).toBe(false);
    expect(matches(intent, '{"cs":"9007199254740993"}')).toBe(true);
    expect(familyIdIntent("x", undefined, undefined).scope).toEqual({ kind: "global" });
  });

  test.each([
    "0",
    "-1",
    "1234567890123456789",
    "9223372036854775807",
    "-9223372036854775807",
    "18446744073709551615",
    "123456789012345680000",
    `1${"0".repeat(400)}`,
    "1e+21",
  ])("by the id %p matches the number as well as the text, and no neighbour", (id) => {
    const intent = familyIdIntent(id, "bob", undefined);
    for (const claim of ["cs", "rt"]) {
      expect(matches(intent, `{"${claim}":${id}}`)).toBe(true);
      expect(matches(intent, `{"${claim}":"${id}"}`)).toBe(true);
    }
    if (id.includes("e")) return;
    for (const neighbour of [BigInt(id) + 1n, BigInt(id) - 1n, BigInt(id) + 7n]) {
      expect(matches(intent, `{"cs":${neighbour}}`)).toBe(false);
      expect(matches(intent, `{"cs":"${neighbour}"}`)).toBe(false);
    }
  });

  test.each([
    ["-0", "0"],
    ["007", "7"],
    ["+5", "5"],
    ["1e3", "1000"],
    ["0x10", "16"],
    [" 5", "5"],
    ["Infinity", "1e999"],
    ["", "0"],
  ])("by the id %p, which JSON writes no number as, matches the text alone", (id, number) => {
    const intent = familyIdIntent(id, "bob", undefined);
    expect(matches(intent, `{"cs":${JSON.stringify(id)}}`)).toBe(true);
    expect(matches(intent, `{"cs":${number}}`)).toBe(false);
  });

  test("is refused for a token that names none", () => {
    expect(() => familyIntent(factsOf('{"jti":"a"}'), TIMES)).toThrow(AppError);
    expect(() => familyIntent(factsOf('{"cs":""}'), TIMES)).toThrow(AppError);
  });
});

describe("revoking everything", () => {
  test("matches what was issued until the moment, and what does not say when", () => {
    const intent = allIntent(NOW, TIMES);
    expect(intent.scope).toEqual({ kind: "global" });
    expect(matches(intent, `{"iat":${NOW}}`)).toBe(true);
    expect(matches(intent, `{"iat":${NOW + 1}}`)).toBe(false);
    expect(matches(intent, "{}")).toBe(true);
  });

  test("until now reaches as far as a token that is valid now", () => {
    const intent = allIntent("now", { ...TIMES, nowSeconds: NOW + 0.2 });
    expect(matches(intent, `{"iat":${NOW + 6}}`)).toBe(true);
    expect(matches(intent, `{"iat":${NOW + 7}}`)).toBe(false);
    expect(matches(intent, "{}")).toBe(true);
    expect(intent.words).toBe(
      "Refuses every token where iat is at most 1800000006 (2027-01-15 08:00:06 UTC) or is missing. " +
        "That is now and 5 s more, by which an issuer's clock may be ahead. It stands until it is lifted.",
    );
    expect(allIntent("now", { ...TIMES, skewSeconds: 0 }).words).not.toContain("That is now");
  });

  test("is refused for a moment that is none", () => {
    for (const moment of [Number.NaN, Number.POSITIVE_INFINITY, 0, -5]) {
      expect(() => allIntent(moment, TIMES)).toThrow(AppError);
    }
  });
});
