/** The everyday intents, previews and inspection through the API. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { subjectsOf } from "../../../src/core/token/claims.ts";
import { mint } from "../../helpers/mint.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { createHarness, NOW, type Harness } from "./harness.ts";

const stack = new AsyncDisposableStack();
let harness: Harness;

beforeEach(async () => {
  harness = await createHarness(stack);
});
afterAll(() => stack.disposeAsync());

const revoke = (body: Readonly<Record<string, unknown>>) =>
  harness.ask("POST", "/revocations", { body: { reason: "stolen laptop", ...body } });

const loginText = (cs: bigint) => `{"sub":"bob","cs":${cs},"iat":${NOW - 60},"exp":${NOW + 3600}}`;

const passes = async (token: string) =>
  (await harness.ask("POST", "/tokens/inspect", { body: { token } })).body["valid"];

describe("POST /revocations", () => {
  test("says of a repetition what was done the first time", async () => {
    const headers = { "idempotency-key": "once" };
    const body = { user: "bob", reason: "stolen laptop" };
    const first = await harness.ask("POST", "/revocations", { body, headers });
    harness.clock.now += 60;
    const second = await harness.ask("POST", "/revocations", { body, headers });
    expect(second.body["replayed"]).toBe(true);
    const until = `iat is at most ${NOW + 5}`;
    expect(first.body["words"]).toContain(until);
    expect(second.body["words"]).toContain(until);
    expect(second.body["expireAt"]).toBe(first.body["expireAt"]);
  });

  test("revokes what was issued to a user until now, with or without iat, and nothing newer", async () => {
    const [old, undated, later, other] = [
      harness.token({ jti: "1" }),
      harness.token({ iat: undefined }),
      harness.token({ iat: NOW + 10 }),
      harness.token({ sub: "carol" }),
    ];
    const answer = await revoke({ user: "bob" });
    expect(answer.status).toBe(201);
    expect(answer.body["words"]).toContain('"bob"');
    harness.clock.now += 10;
    expect(await passes(old)).toBe(false);
    expect(await passes(undated)).toBe(false);
    expect(await passes(later)).toBe(true);
    expect(await passes(other)).toBe(true);
  });

  test("blocks a user, future tokens too", async () => {
    await revoke({ block: "bob" });
    harness.clock.now += 1000;
    expect(await passes(harness.token({ iat: NOW + 999, exp: NOW + 5000 }))).toBe(false);
  });

  test("revokes one token by its jti, until its own end", async () => {
    const [one, other] = [harness.token({ jti: "a" }), harness.token({ jti: "b" })];
    const answer = await revoke({ token: one });
    expect(answer.body["expireAt"]).toBe(NOW + 3600 + 5);
    expect(await passes(one)).toBe(false);
    expect(await passes(other)).toBe(true);
  });

  test("revokes one token that names itself by nothing", async () => {
    const [one, other] = [harness.token(), harness.token({ iat: NOW - 61 })];
    await revoke({ token: ` ${one}\n` });
    expect(await passes(one)).toBe(false);
    expect(await passes(other)).toBe(true);
  });

  test.each([
    ["no subject", { sub: undefined }],
    ["an empty subject", { sub: "" }],
    ["a subject longer than a rule's", { sub: "L".repeat(1500) }],
    ["an empty subject and an id", { sub: "", jti: "a" }],
    ["an empty issuer", { iss: "", jti: "a" }],
    ["an issuer longer than a rule's", { iss: "i".repeat(1500) }],
    ["an id of some length", { jti: "i".repeat(5000) }],
  ])("revokes one token with %s", async (_, strange) => {
    const [one, other] = [harness.token(strange), harness.token({ ...strange, jti: "b" })];
    expect([await passes(one), await passes(other)]).toEqual([true, true]);
    expect((await revoke({ token: one })).status).toBe(201);
    expect([await passes(one), await passes(other)]).toEqual([false, true]);
  });

  test("revokes a family by a token of it, and by its id", async () => {
    const [access, stranger] = [
      harness.token({ rt: 77, cs: 78 }),
      harness.token({ rt: 79, cs: 80 }),
    ];
    await revoke({ family: access });
    expect(await passes(access)).toBe(false);
    expect(await passes(stranger)).toBe(true);
    await revoke({ family: "79", subject: "bob" });
    expect(await passes(stranger)).toBe(false);
  });

  test.each(["login.42", "eu.login.42", "a.b.c.d.e", "user@id.example"])(
    "revokes a family by the id %p, which holds dots and is no token",
    async (id) => {
      const [own, other] = [harness.token({ rt: id }), harness.token({ rt: "login" })];
      expect((await revoke({ family: id })).status).toBe(201);
      expect([await passes(own), await passes(other)]).toEqual([false, true]);
    },
  );

  test.each([
    ["Bearer before it", (token: string) => `Bearer ${token}`],
    ["its signature lost", (token: string) => token.split(".").slice(0, 2).join(".")],
    ["a part too many", (token: string) => `${token}.x`],
    ["a letter in its claims that is none", (token: string) => token.replace(".", ".?")],
  ])("takes a token with %s for a token that is broken, not for an id", async (_, broken) => {
    const token = harness.token({ rt: "broken" });
    const refused = await revoke({ family: broken(token) });
    expect(refused).toMatchObject({ status: 422, body: { path: "/family" } });
    expect((await revoke({ family: token })).status).toBe(201);
  });

  test.each(["18446744073709551615", "-9223372036854775807"])(
    "revokes a family by the id %p, which is more than 63 bits hold or is below zero",
    async (id) => {
      const own = mint(harness.key, loginText(BigInt(id)));
      const neighbour = mint(harness.key, loginText(BigInt(id) - 1n));
      expect([await passes(own), await passes(neighbour)]).toEqual([true, true]);
      expect((await revoke({ family: id })).status).toBe(201);
      expect([await passes(own), await passes(neighbour)]).toEqual([false, true]);
    },
  );

  test("revokes everybody until a moment", async () => {
    const [token, later] = [harness.token({ sub: "carol" }), harness.token({ iat: NOW - 5 })];
    expect((await revoke({ issuedBefore: NOW - 30 })).status).toBe(201);
    expect([await passes(token), await passes(later)]).toEqual([false, true]);
    expect((await revoke({ issuedBefore: NOW, confirm: "all" })).status).toBe(201);
    expect(await passes(later)).toBe(false);
  });

  test("revokes everybody until now, an issuer's clock that is ahead included", async () => {
    const [ahead, later] = [harness.token({ iat: NOW + 4 }), harness.token({ iat: NOW + 6 })];
    expect(await passes(ahead)).toBe(true);
    // A moment that was named is taken at its word.
    expect((await revoke({ issuedBefore: NOW, confirm: "all" })).status).toBe(201);
    expect(await passes(ahead)).toBe(true);
    const answer = await revoke({ issuedBefore: "now", confirm: "all" });
    expect(answer.body["words"]).toContain("now and 5 s more");
    harness.clock.now += 6;
    expect([await passes(ahead), await passes(later)]).toEqual([false, true]);
  });

  test("refuses a token that somebody forged", async () => {
    const forged = mint(createSigningKey("ES256"), { sub: "alice", jti: "1", exp: NOW + 60 });
    const answer = await revoke({ token: forged });
    expect(answer.status).toBe(422);
    expect(answer.body["path"]).toBe("/token");
    expect(answer.text).not.toContain("alice");
    expect(answer.text).not.toContain(forged.slice(0, 30));
  });

  const REFUSED: readonly (readonly [string, Record<string, unknown>])[] = [
    ["no intent", {}],
    ["two intents", { user: "bob", block: "bob" }],
    ["a user and a token", { user: "bob", token: "a.b.c" }],
    ["an empty user", { user: "" }],
    ["a user that is a number", { user: 5 }],
    ["no reason", { user: "bob", reason: undefined }],
    ["a moment in the future", { issuedBefore: NOW + 60, confirm: "all" }],
    ["a moment that is a text", { issuedBefore: "today", confirm: "all" }],
    ["something that is no token", { token: "not a token" }],
    ["an unknown member", { user: "bob", force: true }],
    ["a confirmation of nothing", { user: "bob", confirm: "yes" }],
  ];
  for (const [what, body] of REFUSED) {
    test(`refuses ${what}, and writes nothing`, async () => {
      const answer = await revoke(body);
      expect(answer.status).toBe(422);
      expect((await harness.ask("GET", "/rules")).body["items"]).toEqual([]);
    });
  }

  test("refuses an expired token: there is nothing to revoke", async () => {
    const answer = await revoke({ token: harness.token({ exp: NOW - 60 }) });
    expect(answer.status).toBe(422);
  });

  test("is nothing for viewers", async () => {
    const answer = await harness.ask("POST", "/revocations", {
      as: "viewer",
      body: { user: "bob", reason: "r" },
    });
    expect(answer.status).toBe(403);
  });
});

const preview = (body: Readonly<Record<string, unknown>>) =>
  harness.ask("POST", "/rules/preview", { body, as: "viewer" });

describe("POST /rules/preview", () => {
  test("says in words what a rule does and whom of those seen it would have hit", async () => {
    for (const sub of ["bob", "bob", "carol"]) {
      const verdict = await harness.ask("POST", "/tokens/inspect", {
        body: { token: harness.token({ sub }) },
      });
      expect(verdict.body["valid"]).toBe(true);
    }
    await noteSeen(harness, [{ sub: "bob", jti: "1" }, { sub: "bob", jti: "2" }, { sub: "carol" }]);
    const answer = await preview({ user: "bob" });
    expect(answer.body).toMatchObject({
      words: expect.stringContaining('"bob"'),
      isBroad: false,
      subject: "bob",
      seen: { of: 3, matched: 2, subjects: ["bob"], subjectCount: 1 },
    });
    const all = await preview({ issuedBefore: NOW });
    expect(all.body).toMatchObject({ isBroad: true, seen: { matched: 3, subjectCount: 2 } });
    expect((await harness.ask("GET", "/rules")).body["items"]).toEqual([]);
  });

  test("tries a rule on a token", async () => {
    const rule = { scope: "global", rule: { role: "guest" } };
    const hit = await preview({ ...rule, test: harness.token({ role: "guest" }) });
    expect(hit.body["test"]).toMatchObject({ isValid: true, matches: true, wouldPass: false });
    const miss = await preview({ ...rule, test: harness.token({ role: "host" }) });
    expect(miss.body["test"]).toMatchObject({ isValid: true, matches: false, wouldPass: true });
    // Beside a rule it cannot be meant as an intent.
    const named = await preview({ ...rule, token: harness.token({ role: "guest" }) });
    expect(named.body["test"]).toEqual(hit.body["test"]);
    const bad = await preview({ ...rule, test: "x.y.z" });
    expect(bad.body["test"]).toMatchObject({ isValid: false, matches: false });
  });

  test("admits that it does not know a claim which nobody has asked for before", async () => {
    await noteSeen(harness, [{ sub: "bob", shoe: 44 }]);
    const body = { scope: "global", rule: { shoe: 44 } };
    expect((await preview(body)).body["seen"]).toMatchObject({
      matched: 0,
      unknownClaims: ["shoe"],
    });
    await noteSeen(harness, [{ sub: "bob", shoe: 44, jti: "2" }]);
    expect((await preview(body)).body["seen"]).toMatchObject({ matched: 1, unknownClaims: [] });
  });

  test("takes everything that is sent to write it", async () => {
    const rule = { subject: "bob", rule: { role: "guest" } };
    const written = { ...rule, scope: "subject", issuer: null, expireAt: NOW + 1, reason: "r" };
    expect((await preview(written)).body).toMatchObject({ scope: "subject", expireAt: NOW + 1 });
    expect((await harness.ask("POST", "/rules", { body: written })).status).toBe(201);
    const intent = { user: "bob", issuer: null, reason: "r", confirm: "all" };
    expect((await preview(intent)).body).toMatchObject({ subject: "bob" });
    expect((await revoke(intent)).status).toBe(201);
  });

  const REFUSED: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ["a rule and an intent", { user: "bob", rule: { a: 1 } }, "/rule"],
    ["a bad rule", { scope: "global", rule: { a: { near: 1 } } }, "/rule/a/near"],
    ["an empty rule", { scope: "global", rule: {} }, "/rule"],
    ["no scope", { rule: { a: 1 } }, "/scope"],
    ["nothing", {}, "/scope"],
    ["an end in the past", { subject: "bob", rule: { a: 1 }, expireAt: NOW }, "/expireAt"],
    ["a reason of two lines", { subject: "bob", rule: { a: 1 }, reason: "a\nb" }, "/reason"],
    ["an intent's reason of blanks", { user: "bob", reason: "  " }, "/reason"],
    ["an unknown member", { user: "bob", wait: 1 }, "/wait"],
  ];
  for (const [what, body, path] of REFUSED) {
    test(`refuses ${what}`, async () => {
      expect((await preview(body)).body).toMatchObject({ status: 422, path });
    });
  }
});

describe("POST /tokens/inspect", () => {
  test("tells key, subject, end and the claims as they were signed", async () => {
    const token = mint(harness.key, `{"sub":"bob","exp":${NOW + 100},"cs":12345678901234567891}`);
    const answer = await harness.ask("POST", "/tokens/inspect", { body: { token }, as: "viewer" });
    expect(answer.body).toMatchObject({
      valid: true,
      reason: "ok",
      until: NOW + 105,
      subjects: ["bob"],
      key: { alg: "ES256", kid: harness.key.kid, source: "test" },
      generation: "legacy",
    });
    expect(answer.text).toContain('"cs":12345678901234567891');
  });

  test("tells nothing of a token that is not authentic", async () => {
    const token = mint(createSigningKey("ES256"), { sub: "alice", exp: NOW + 60 });
    const answer = await harness.ask("POST", "/tokens/inspect", { body: { token } });
    expect(answer.body).toMatchObject({
      valid: false,
      reason: "E_TKN_INVALID",
      detail: "signature",
    });
    expect(answer.body).not.toContainAnyKeys(["claims", "key", "subjects", "issuer"]);
    expect(answer.text).not.toContain("alice");
  });

  test("keeps no token anywhere", async () => {
    const token = harness.token({ jti: "canary-jti" });
    await harness.ask("POST", "/tokens/inspect", { body: { token } });
    const audit = await harness.ask("GET", "/audit");
    expect(audit.text).not.toContain("canary");
    expect(audit.text).not.toContain(token.slice(-20));
  });
});

/** Has the sample take up tokens as the server does after each accepted one. */
async function noteSeen(
  { seenTokens, token, key }: Harness,
  claims: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const { parseJsonObject } = await import("../../../src/core/json-parse.ts");
  for (const more of claims) {
    const text = Buffer.from(token(more).split(".")[1] ?? "", "base64url").toString();
    const parsed = parseJsonObject(text);
    seenTokens.note({
      claimsText: text,
      claims: parsed,
      isStateless: false,
      subjects: subjectsOf(parsed.object, ["sub"]),
      issuer: undefined,
      jweHeaderText: undefined,
      alg: key.alg,
      kid: key.kid,
      keyThumbprint: undefined,
      keySource: undefined,
    });
  }
}
