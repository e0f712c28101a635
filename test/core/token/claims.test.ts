import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseJsonObject } from "../../../src/core/json-parse.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import {
  checkClaims,
  endOfValidity,
  isStateless,
  subjectsOf,
} from "../../../src/core/token/claims.ts";
import type { Policy } from "../../../src/core/token/policy.ts";
import type { Detail } from "../../../src/core/token/reason.ts";

const NOW = 1_700_000_000;
const SKEW = 5;

const COMMON: Policy = {
  issuers: undefined,
  audiences: undefined,
  requireExp: false,
  requiredClaims: [],
  types: undefined,
  maxTokenAge: undefined,
  clockSkew: SKEW,
  subjectClaims: ["username", "sub"],
  legacy: "accept",
  algorithms: undefined,
};

function claims(text: string): JsonObject {
  return parseJsonObject(text).object;
}

function check(text: string, policy: Partial<Policy> = {}, now = NOW, typ?: string) {
  return checkClaims(claims(text), typ, { ...COMMON, ...policy }, now);
}

describe("the type of a time", () => {
  const noTimes = [
    "null",
    "true",
    "false",
    '""',
    '"1700000100"',
    '"NaN"',
    "[1700000100]",
    "{}",
    "1e999",
    "-1e999",
    `1${"0".repeat(400)}`,
  ];
  for (const name of ["exp", "nbf", "iat"]) {
    test.each(noTimes.map((value) => [value.slice(0, 20), value]))(
      `refuses ${name} as %s`,
      (_, value) => {
        expect(check(`{"${name}":${value}}`)).toBe("claim");
      },
    );
  }

  test.each<readonly [text: string, expected: Detail | undefined]>([
    ['{"exp":0}', "expired"],
    ['{"exp":-0}', "expired"],
    ['{"exp":-1}', "expired"],
    ['{"exp":-1e308}', "expired"],
    ['{"exp":9223372036854775808}', undefined],
    ['{"exp":1e300}', undefined],
    ['{"exp":1700000100.5}', undefined],
    ['{"exp":17000001e2}', undefined],
    ['{"nbf":0}', undefined],
    ['{"nbf":-1}', undefined],
    ['{"nbf":9223372036854775808}', "not_yet_valid"],
    ['{"nbf":1e300}', "not_yet_valid"],
    ['{"iat":-1}', undefined],
    ['{"iat":1e300}', "not_yet_valid"],
    ['{"iat":-9223372036854775808}', undefined],
  ])("judges %s", (text, expected) => {
    expect(check(text)).toBe(expected);
  });
});

describe("the edges of the skew", () => {
  test.each<readonly [name: string, at: number, expected: Detail | undefined]>([
    ["exp", NOW - SKEW, "expired"],
    ["exp", NOW - SKEW + 0.001, undefined],
    ["exp", NOW - SKEW + 1, undefined],
    ["exp", NOW, undefined],
    ["exp", NOW - SKEW - 1, "expired"],
    ["nbf", NOW + SKEW, undefined],
    ["nbf", NOW + SKEW + 0.001, "not_yet_valid"],
    ["nbf", NOW + SKEW + 1, "not_yet_valid"],
    ["nbf", NOW, undefined],
    ["iat", NOW + SKEW, undefined],
    ["iat", NOW + SKEW + 0.001, "not_yet_valid"],
    ["iat", NOW, undefined],
  ])("judges %s at %p as %p", (name, at, expected) => {
    expect(check(`{"${name}":${at}}`)).toBe(expected);
  });

  test("refuses an exp equal to now without any skew", () => {
    expect(check(`{"exp":${NOW}}`, { clockSkew: 0 })).toBe("expired");
    expect(check(`{"exp":${NOW + 1}}`, { clockSkew: 0 })).toBeUndefined();
    expect(check(`{"nbf":${NOW}}`, { clockSkew: 0 })).toBeUndefined();
    expect(check(`{"nbf":${NOW + 1}}`, { clockSkew: 0 })).toBe("not_yet_valid");
  });

  test("counts fractions of now", () => {
    expect(check(`{"exp":${NOW}}`, { clockSkew: 0 }, NOW - 0.001)).toBeUndefined();
    expect(check(`{"exp":${NOW}}`, { clockSkew: 0 }, NOW + 0.001)).toBe("expired");
  });
});

describe("policy", () => {
  const A = { issuers: new Set(["https://a", "https://b"]) };
  const X = { audiences: new Set(["x", "y"]) };
  const rows: readonly (readonly [
    name: string,
    text: string,
    policy: Partial<Policy>,
    expected: Detail | undefined,
  ])[] = [
    ["takes an issuer of the list", '{"iss":"https://b"}', A, undefined],
    ["refuses another issuer", '{"iss":"https://c"}', A, "issuer"],
    ["refuses no issuer", "{}", A, "issuer"],
    ["refuses an issuer that begins so", '{"iss":"https://a.evil"}', A, "issuer"],
    ["refuses an issuer that ends too soon", '{"iss":"https://"}', A, "issuer"],
    ["refuses an issuer in another case", '{"iss":"HTTPS://A"}', A, "issuer"],
    ["refuses an empty issuer", '{"iss":""}', A, "issuer"],
    ["refuses an inherited name", '{"iss":"constructor"}', A, "issuer"],
    ["refuses a list with the issuer", '{"iss":["https://a"]}', A, "issuer"],
    ["refuses null for an issuer", '{"iss":null}', A, "issuer"],
    ["takes any issuer where none is named", '{"iss":"https://c"}', {}, undefined],
    ["refuses a number for an issuer also then", '{"iss":5}', {}, "issuer"],
    ["refuses a list for an issuer also then", '{"iss":["https://a"]}', {}, "issuer"],
    ["takes an audience of the list", '{"aud":"y"}', X, undefined],
    ["takes a list with one of them", '{"aud":["z","x"]}', X, undefined],
    ["refuses another audience", '{"aud":"z"}', X, "audience"],
    ["refuses no audience", "{}", X, "audience"],
    ["refuses an audience that begins so", '{"aud":"xx"}', X, "audience"],
    ["refuses an audience in another case", '{"aud":"X"}', X, "audience"],
    ["refuses an empty list", '{"aud":[]}', X, "audience"],
    ["refuses null for an audience", '{"aud":null}', X, "audience"],
    ["refuses a list with a number", '{"aud":["x",5]}', X, "audience"],
    ["refuses a list in a list", '{"aud":[["x"]]}', X, "audience"],
    ["refuses a comma list", '{"aud":"x,y"}', X, "audience"],
    ["refuses an object", '{"aud":{"x":true}}', X, "audience"],
    ["takes nobody where the list is empty", '{"aud":"x"}', { audiences: new Set() }, "audience"],
    ["takes any audience where none is named", '{"aud":5}', {}, undefined],
    ["refuses a token without exp", "{}", { requireExp: true }, "claim"],
    ["takes one with it", `{"exp":${NOW}}`, { requireExp: true }, undefined],
    ["refuses a missing claim", '{"a":1}', { requiredClaims: ["a", "b"] }, "claim"],
    ["refuses a claim that is null", '{"a":1,"b":null}', { requiredClaims: ["a", "b"] }, "claim"],
    ["refuses an inherited claim", "{}", { requiredClaims: ["constructor"] }, "claim"],
    ["takes claims of any other type", '{"a":0,"b":""}', { requiredClaims: ["a", "b"] }, undefined],
    ["refuses a token without iat for its age", "{}", { maxTokenAge: 60 }, "claim"],
    ["refuses one that is too old", `{"iat":${NOW - 65}}`, { maxTokenAge: 60 }, "expired"],
    ["takes one that is not", `{"iat":${NOW - 64}}`, { maxTokenAge: 60 }, undefined],
    ["refuses a legacy token", '{"st":false}', { legacy: "reject" }, "legacy"],
    ["refuses one without st", "{}", { legacy: "reject" }, "legacy"],
    ["takes a stateless one", '{"st":1}', { legacy: "reject" }, undefined],
    ["takes a legacy one where it may", "{}", {}, undefined],
    ["refuses a refresh token", '{"irt":true}', {}, "refresh_token"],
    ["refuses one whose irt is a text", '{"irt":"no"}', {}, "refresh_token"],
    ["refuses one whose irt is an empty list", '{"irt":[]}', {}, "refresh_token"],
    ["takes one whose irt is false", '{"irt":false}', {}, undefined],
    ["takes one whose irt is nothing", '{"irt":0,"st":""}', {}, undefined],
  ];
  test.each([...rows])("%s", (_, text, policy, expected) => {
    expect(check(text, policy)).toBe(expected);
  });

  test.each<readonly [typ: string | undefined, expected: Detail | undefined]>([
    ["JWT", undefined],
    ["jwt", undefined],
    ["application/jwt", undefined],
    ["APPLICATION/JWT", undefined],
    ["at+jwt", undefined],
    [undefined, "claim"],
    ["", "claim"],
    ["application/", "claim"],
    ["text/jwt", "claim"],
    ["application/application/jwt", "claim"],
    ["jwt ", "claim"],
    ["secevent+jwt", "claim"],
    ["constructor", "claim"],
  ])("judges the type %p as %p", (typ, expected) => {
    expect(check("{}", { types: new Set(["jwt", "at+jwt"]) }, NOW, typ)).toBe(expected);
    expect(check("{}", {}, NOW, typ)).toBeUndefined();
  });

  test("names the first cause, in the order told", () => {
    const policy: Partial<Policy> = {
      ...A,
      ...X,
      types: new Set(["jwt"]),
      requiredClaims: ["jti"],
      legacy: "reject",
    };
    const members: readonly (readonly [member: string, cause: Detail | undefined])[] = [
      [`"exp":${NOW + 100}`, "expired"],
      [`"nbf":${NOW}`, "not_yet_valid"],
      ['"iss":"https://a"', "issuer"],
      ['"aud":"x"', "audience"],
      ['"jti":"1"', "claim"],
      ['"st":true', "legacy"],
      ['"irt":false', "refresh_token"],
    ];
    const bad = [
      '"exp":1',
      `"nbf":${NOW + 100}`,
      '"iss":"z"',
      '"aud":"z"',
      '"jti":null',
      '"st":0',
      '"irt":1',
    ];
    expect(check(`{${bad.join()}}`, policy, NOW, "other")).toBe("claim");
    for (let mended = 0; mended <= bad.length; mended += 1) {
      const text = members.map(([good], at) => (at < mended ? good : bad[at])).join();
      expect(check(`{${text}}`, policy, NOW, "JWT")).toBe(members[mended]?.[1]);
    }
  });
});

describe("endOfValidity", () => {
  const time = fc.oneof(
    fc.integer({ min: NOW - 50, max: NOW + 50 }),
    fc.double({ min: NOW - 50, max: NOW + 50, noNaN: true }),
    fc.constantFrom(0, -1, 1e15, 1e300, 2 ** 53, -(2 ** 60)),
  );
  const policies = fc.record({
    clockSkew: fc.integer({ min: 0, max: 20 }),
    maxTokenAge: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
    requireExp: fc.boolean(),
  });

  test("never lets what was accepted be remembered past its refusal", () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.record({ exp: time, nbf: time, iat: time }, { requiredKeys: [] }),
        policies,
        fc.double({ min: NOW - 30, max: NOW + 30, noNaN: true }),
        fc.double({ min: 0, max: 200, noNaN: true }),
        (times, policy, judgedAt, later) => {
          const object = claims(JSON.stringify(times));
          const whole = { ...COMMON, ...policy };
          if (checkClaims(object, undefined, whole, judgedAt) !== undefined) return;
          accepted += 1;
          const until = endOfValidity(object, whole);
          const now = judgedAt + later;
          const remembered = until === undefined || Math.floor(now) < until;
          if (remembered) expect(checkClaims(object, undefined, whole, now)).toBeUndefined();
          if (until === undefined) return;
          // And what is forgotten is forgotten no more than a second too soon.
          expect(Number.isSafeInteger(until)).toBe(true);
          if (Math.floor(now) > until) {
            expect(checkClaims(object, undefined, whole, now)).toBe("expired");
          }
        },
      ),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(1000);
  });

  test.each<readonly [text: string, policy: Partial<Policy>, until: number | undefined]>([
    ["{}", {}, undefined],
    [`{"iat":${NOW}}`, {}, undefined],
    [`{"exp":${NOW}}`, {}, NOW + SKEW],
    [`{"exp":${NOW}.9}`, {}, NOW + SKEW],
    [`{"exp":${NOW + 100},"iat":${NOW}}`, { maxTokenAge: 60 }, NOW + 60 + SKEW],
    [`{"exp":${NOW + 10},"iat":${NOW}}`, { maxTokenAge: 60 }, NOW + 10 + SKEW],
    ['{"exp":1e300}', {}, Number.MAX_SAFE_INTEGER],
    ['{"exp":9223372036854775807}', {}, Number.MAX_SAFE_INTEGER],
  ])("of %s is the moment told", (text, policy, until) => {
    expect(endOfValidity(claims(text), { ...COMMON, ...policy })).toBe(until);
  });
});

describe("isStateless", () => {
  test.each([
    ['{"st":true}', true],
    ['{"st":1}', true],
    ['{"st":"0"}', true],
    ['{"st":[]}', true],
    ['{"st":{}}', true],
    ['{"st":-1}', true],
    ['{"st":9007199254740993}', true],
    ["{}", false],
    ['{"st":false}', false],
    ['{"st":null}', false],
    ['{"st":0}', false],
    ['{"st":-0}', false],
    ['{"st":0.0}', false],
    ['{"st":""}', false],
  ])("of %s is %p", (text, expected) => {
    expect(isStateless(claims(text))).toBe(expected);
  });
});

describe("subjectsOf", () => {
  test.each<readonly [text: string, subjects: readonly string[]]>([
    ['{"username":"bob","sub":"7"}', ["bob", "7"]],
    ['{"username":"bob","sub":"bob"}', ["bob"]],
    ['{"username":7,"sub":"7"}', ["7"]],
    ['{"sub":9007199254740993}', ["9007199254740993"]],
    ['{"sub":""}', [""]],
    ['{"sub":"g"}', ["g"]],
    ['{"sub":"__proto__"}', ["__proto__"]],
    ['{"sub":true,"username":null}', []],
    ['{"sub":["bob"],"username":{"name":"bob"}}', []],
    ['{"other":"bob"}', []],
  ])("of %s are %p", (text, subjects) => {
    expect(subjectsOf(claims(text), COMMON.subjectClaims)).toEqual(subjects);
  });
});
