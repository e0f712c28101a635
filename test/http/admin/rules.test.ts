/** Writing, listing and reading rules through the API. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createHarness, NOW, type Answer, type Harness } from "./harness.ts";
import { addRule, liftRule, RULE, type AddRule, type LiftRule } from "./rule-calls.ts";

const stack = new AsyncDisposableStack();
let harness: Harness;

beforeEach(async () => {
  harness = await createHarness(stack);
});
afterAll(() => stack.disposeAsync());

const add: AddRule = (more, headers) => addRule(harness, more, headers);

const verdictOf = async (token: string) => {
  const answer = await harness.ask("POST", "/tokens/inspect", { body: { token } });
  return answer.body;
};

const lift: LiftRule = (id, headers) => liftRule(harness, id, headers);

describe("POST /rules", () => {
  test("writes a rule that holds at once", async () => {
    const token = harness.token();
    expect(await verdictOf(token)).toMatchObject({ valid: true, reason: "ok" });
    const answer = await add();
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ id: 1, seq: expect.any(Number) });
    expect(answer.body).not.toContainKey("applied");
    expect(await verdictOf(token)).toMatchObject({
      valid: false,
      detail: "revoked",
      rule: { id: 1, reason: "left the company" },
    });
  });

  test("keeps integers beyond 2^53 as they are", async () => {
    const text = '{"scope":"global","rule":{"cs":12345678901234567891},"reason":"r"}';
    expect((await harness.ask("POST", "/rules", { text })).status).toBe(201);
    const rule = await harness.ask("GET", "/rules/1");
    expect(rule.text).toContain('"rule":{"cs":12345678901234567891}');
  });

  test("takes a subject that is called g for a subject", async () => {
    await add({ subject: "g" });
    expect((await harness.ask("GET", "/rules/1")).body).toMatchObject({
      scope: "subject",
      subject: "g",
    });
  });

  const deep = Array.from({ length: 8 }).reduce<object>((inner) => ({ a: inner }), {
    a: { eq: 1 },
  });
  const REFUSED: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ["an empty rule", { rule: {} }, "/rule"],
    ["a rule that is a list", { rule: [] }, "/rule"],
    ["a rule that is a text", { rule: '{"iat":1}' }, "/rule"],
    ["no rule", { rule: undefined }, "/rule"],
    ["an unknown operator", { rule: { iat: { near: 1 } } }, "/rule/iat/near"],
    [
      "an operator named constructor",
      { rule: { iat: { constructor: 1 } } },
      "/rule/iat/constructor",
    ],
    ["a wrong operand", { rule: { name: { sw: 1 } } }, "/rule/name/sw"],
    [
      "a pattern with a back reference",
      { rule: { name: { regex: "(a)\\1" } } },
      "/rule/name/regex",
    ],
    ["a rule of nine levels", { rule: deep }, "/rule/a/a/a/a/a/a/a/a"],
    ["a rule over 16 KiB", { rule: { name: "x".repeat(17_000) } }, "/rule"],
    ["an end in the past", { expireAt: NOW - 1 }, "/expireAt"],
    ["an end now", { expireAt: NOW }, "/expireAt"],
    ["a negative end", { expireAt: -1 }, "/expireAt"],
    ["an end that is a text", { expireAt: "5" }, "/expireAt"],
    ["an end that is no whole number", { expireAt: NOW + 0.5 }, "/expireAt"],
    ["no reason", { reason: undefined }, "/reason"],
    ["an empty reason", { reason: "" }, "/reason"],
    ["a reason of blanks", { reason: "   " }, "/reason"],
    ["a reason of two lines", { reason: "a\nFAKE LOG LINE" }, "/reason"],
    ["a reason that steers a terminal", { reason: "a\u001b[2J" }, "/reason"],
    ["a reason of 1001 characters", { reason: "x".repeat(1001) }, "/reason"],
    ["an empty subject", { subject: "" }, "/subject"],
    ["a subject that is a number", { subject: 7 }, "/subject"],
    ["a subject and the global scope", { scope: "global" }, "/subject"],
    ["another scope", { scope: "g" }, "/scope"],
    ["the scope of a subject without one", { scope: "subject", subject: undefined }, "/subject"],
    ["neither scope nor subject", { subject: undefined }, "/scope"],
    [
      "an issuer without a subject",
      { subject: undefined, scope: "global", issuer: "x" },
      "/subject",
    ],
    ["an unknown member", { colour: "red" }, "/colour"],
    [
      "__proto__ for a member",
      JSON.parse('{"__proto__":1}') as Record<string, unknown>,
      "/__proto__",
    ],
  ];
  for (const [what, more, path] of REFUSED) {
    test(`refuses ${what}, naming the place, and writes nothing`, async () => {
      const answer = await add(more);
      expect(answer.body).toMatchObject({ status: 422, code: "invalid", path });
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect((await harness.ask("GET", "/rules")).body["items"]).toEqual([]);
      expect(harness.failures).toEqual([]);
    });
  }

  test("does not repeat a member that may be a token in the wrong place", async () => {
    const token = harness.token();
    const answer = await add({ [token]: 1 });
    expect(answer.status).toBe(422);
    expect(answer.text).not.toContain(token.slice(0, 20));
  });

  test.each([
    ["a scope that says what the subject does", { scope: "subject" }],
    ["no issuer by null", { issuer: null }],
    ["both", { scope: "subject", issuer: null }],
  ])("takes %s, as a rule is read back", async (_, more) => {
    expect((await add(more)).status).toBe(201);
    const rule = await harness.ask("GET", "/rules/1");
    expect(rule.body).toMatchObject({ scope: "subject", subject: RULE.subject });
    expect(rule.body["issuer"]).toBeUndefined();
  });

  const BODIES: readonly (readonly [string, string, string, number])[] = [
    ["no JSON", "{", "application/json", 400],
    ["a member that is there twice", '{"reason":"a","reason":"b"}', "application/json", 400],
    ["a byte order mark", '\ufeff{"reason":"a"}', "application/json", 400],
    ["a list", "[]", "application/json", 422],
    ["null", "null", "application/json", 422],
    ["nothing", "", "application/json", 400],
    ["depth 10 000", `${"[".repeat(10_000)}${"]".repeat(10_000)}`, "application/json", 400],
    ["a form, which another site could send", "reason=a", "application/x-www-form-urlencoded", 415],
    ["a text, which another site could send", JSON.stringify(RULE), "text/plain", 415],
    ["JSON by another name", JSON.stringify(RULE), "application/problem+json", 415],
    ["more than it may", `{"reason":"${"x".repeat(300_000)}"}`, "application/json", 413],
  ];
  for (const [what, text, type, status] of BODIES) {
    test(`answers ${status} to a body of ${what}`, async () => {
      const answer = await harness.ask("POST", "/rules", {
        text,
        headers: { "content-type": type },
      });
      expect(answer.status).toBe(status);
      expect(answer.body).toMatchObject({ status });
    });
  }

  test("answers 415 to a body without a type", async () => {
    const request = new Request("http://127.0.0.1/api/v1/rules", {
      method: "POST",
      body: new Blob([JSON.stringify(RULE)]),
    });
    const answer = await harness.handle(request, { kind: "control", from: "unix" });
    expect(answer.status).toBe(415);
  });

  test("says that it cannot confirm anything where no server runs", async () => {
    const answer = await harness.ask("POST", "/rules?wait=applied&timeout=0", { body: RULE });
    expect(answer.body).toMatchObject({ id: 1, applied: false, pending: [] });
  });

  const QUERIES = [
    "?wait=yes",
    "?timeout=-1",
    "?timeout=61",
    "?timeout=1.5",
    "?wait=applied&wait=applied",
    "?q=1",
  ];
  for (const query of QUERIES) {
    test(`refuses the query ${query}`, async () => {
      expect((await harness.ask("POST", `/rules${query}`, { body: RULE })).status).toBe(422);
      expect((await harness.ask("GET", "/rules")).body["items"]).toEqual([]);
    });
  }
});

describe("Idempotency-Key", () => {
  const key = { "idempotency-key": "3f0c" };

  test("makes the second of two same requests do nothing, with the first one's answer", async () => {
    const first = await add({}, key);
    const second = await add({}, key);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toMatchObject({
      id: first.body["id"],
      seq: first.body["seq"],
      replayed: true,
    });
    expect((await harness.ask("GET", "/rules")).body["items"]).toHaveLength(1);
  });

  test("refuses the same key with another request", async () => {
    await add({}, key);
    expect((await add({ subject: "carol" }, key)).status).toBe(409);
  });

  test("is each caller's own", async () => {
    await add({}, key);
    const other = await harness.ask("POST", "/rules", { body: RULE, headers: key, as: "operator" });
    expect(other.body).not.toContainKey("replayed");
    expect((await harness.ask("GET", "/rules")).body["items"]).toHaveLength(2);
  });

  test("makes lifting harmless to repeat", async () => {
    await add();
    expect((await lift(1, key)).status).toBe(200);
    expect((await lift(1, key)).body).toMatchObject({ id: 1, replayed: true });
  });

  for (const bad of ["", "a b", "x".repeat(129)]) {
    test(`refuses ${JSON.stringify(bad.slice(0, 8))}… as a key`, async () => {
      expect((await add({}, { "idempotency-key": bad })).status).toBe(422);
    });
  }
});

describe("GET /rules", () => {
  test("pages through, newest first, and each rule is there once", async () => {
    for (let index = 0; index < 7; index += 1) await add({ subject: `s${index}` });
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? "" : `&cursor=${cursor}`;
      const page: Answer = await harness.ask("GET", `/rules?limit=3${query}`);
      expect(page.status).toBe(200);
      const items = page.body["items"] as readonly Record<string, unknown>[];
      seen.push(...items.map(({ subject }) => subject));
      cursor = page.body["cursor"] as string | undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(["s6", "s5", "s4", "s3", "s2", "s1", "s0"]);
  });

  test("takes an empty parameter for one that is not there", async () => {
    await add();
    const empty = await harness.ask("GET", "/rules?scope=&subject=&q=&state=&cursor=&limit=");
    expect([empty.status, empty.body["items"]]).toEqual([200, [expect.anything()]]);
    const other = await harness.ask("GET", "/rules?scope=&state=lifted");
    expect(other.body["items"]).toEqual([]);
    for (const query of ["colour=", "q=&q=x", "q=&q="]) {
      expect([query, (await harness.ask("GET", `/rules?${query}`)).status]).toEqual([query, 422]);
    }
  });

  test("finds by scope, subject, text and state", async () => {
    await add();
    await add({ subject: undefined, scope: "global", reason: "the great reset" });
    await add({ subject: "carol", expireAt: NOW + 10 });
    await harness.ask("DELETE", "/rules/1", { body: { reason: "r" } });
    harness.clock.now += 20;
    const ids = async (query: string) => {
      const { body } = await harness.ask("GET", `/rules?${query}`);
      return (body["items"] as readonly { id: number }[]).map(({ id }) => id);
    };
    expect(await ids("scope=global")).toEqual([2]);
    expect(await ids("subject=carol")).toEqual([3]);
    expect(await ids("q=GREAT")).toEqual([2]);
    expect(await ids("state=active")).toEqual([2]);
    expect(await ids("state=lifted")).toEqual([1]);
    expect(await ids("state=expired")).toEqual([3]);
    expect(await ids("subject=nobody")).toEqual([]);
  });

  const REFUSED = [
    ["limit=0", 422],
    ["limit=201", 422],
    ["limit=x", 422],
    ["limit=1&limit=2", 422],
    ["state=gone", 422],
    ["scope=g", 422],
    ["unknown=1", 422],
    ["cursor=nonsense", 400],
    [`cursor=${Buffer.from("audit:1").toString("base64url")}`, 400],
    [`cursor=${"A".repeat(300)}`, 400],
  ] as const;
  for (const [query, status] of REFUSED) {
    test(`answers ${status} to ?${query.slice(0, 40)}`, async () => {
      const answer = await harness.ask("GET", `/rules?${query}`);
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain("nonsense");
    });
  }
});
