/** People, API tokens and the first admin through the API. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createFirstRunLink } from "../../../src/http/admin/first-run.ts";
import { addPerson, cookieOf, createHarness, PASSWORD, type Harness } from "./harness.ts";

const stack = new AsyncDisposableStack();
let harness: Harness;

beforeEach(async () => {
  harness = await createHarness(stack);
});
afterAll(() => stack.disposeAsync());

describe("people", () => {
  test("are listed without what they log in with", async () => {
    await addPerson(harness, "alice", "operator");
    const answer = await harness.ask("GET", "/people");
    expect(answer.body["items"]).toMatchObject([{ name: "alice", role: "operator" }]);
    expect(answer.text).not.toMatch(/hash|argon/i);
  });

  test("have names of their own", async () => {
    await addPerson(harness, "alice", "operator");
    const body = { name: "alice", role: "admin", password: PASSWORD };
    expect((await harness.ask("POST", "/people", { body })).status).toBe(409);
    expect((await harness.ask("GET", "/people")).body["items"]).toMatchObject([
      { role: "operator" },
    ]);
  });

  test("keep at least one admin among them", async () => {
    await addPerson(harness, "alice", "admin");
    expect((await harness.ask("DELETE", "/people/alice")).status).toBe(409);
    const demote = { body: { role: "viewer" } };
    expect((await harness.ask("PUT", "/people/alice/role", demote)).status).toBe(409);
    await addPerson(harness, "bert", "admin");
    expect((await harness.ask("DELETE", "/people/alice")).status).toBe(204);
  });

  test("get a new password from an admin, which ends their sessions", async () => {
    await addPerson(harness, "alice", "operator");
    const cookie = await harness.logIn("alice");
    const body = { password: "green lantern over quiet water" };
    expect((await harness.ask("PUT", "/people/alice/password", { body })).status).toBe(204);
    expect((await harness.ask("GET", "/session", { cookie })).status).toBe(401);
    expect((await harness.ask("PUT", "/people/nobody/password", { body })).status).toBe(404);
  });

  const REFUSED: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ["a short password", { password: "fourteen chars" }, "/password"],
    ["a common password", { password: "passwordpassword" }, "/password"],
    ["a password that repeats itself", { password: "abcabcabcabcabcabc" }, "/password"],
    ["a password of the person's name", { password: "Alice-Alice-2026!" }, "/password"],
    ["a password of 129 characters", { password: "a1b2 ".repeat(26) }, "/password"],
    ["another role", { role: "root" }, "/role"],
    ["no role", { role: undefined }, "/role"],
    ["a name with a slash", { name: "a/b" }, "/name"],
    ["a name with a line break", { name: "alice\nbob" }, "/name"],
    ["an empty name", { name: "" }, "/name"],
    ["a name of 65 characters", { name: "a".repeat(65) }, "/name"],
    ["a hash in the place of a password", { passwordHash: "$argon2id$" }, "/passwordHash"],
  ];
  for (const [what, more, path] of REFUSED) {
    test(`are not let in with ${what}`, async () => {
      const body = { name: "alice", role: "admin", password: PASSWORD, ...more };
      const answer = await harness.ask("POST", "/people", { body });
      expect(answer.body).toMatchObject({ status: 422, path });
      expect((await harness.ask("GET", "/people")).body["items"]).toEqual([]);
    });
  }
});

const createToken = (name: string, role = "operator") =>
  harness.ask("POST", "/api-tokens", { body: { name, role } });

describe("API tokens", () => {
  test("are shown once and get in by Authorization: Bearer, until revoked", async () => {
    const made = await createToken("ci");
    const token = String(made.body["token"]);
    expect(made.status).toBe(201);
    expect(token).toMatch(/^hjwt_[\w-]{43}$/);
    const list = await harness.ask("GET", "/api-tokens");
    expect(list.text).not.toContain(token);
    expect(list.text).not.toMatch(/hash/i);
    const use = (shown = `Bearer ${token}`) =>
      harness.ask("GET", "/session", { as: "nobody", headers: { authorization: shown } });
    expect((await use()).body).toMatchObject({ name: "ci", role: "operator", kind: "token" });
    expect((await use(`bearer ${token}`)).status).toBe(200);
    for (const wrong of [
      token,
      `Basic ${token}`,
      `Bearer ${token}x`,
      `Bearer ${token.toUpperCase()}`,
    ]) {
      expect((await use(wrong)).status).toBe(401);
    }
    expect((await harness.ask("DELETE", "/api-tokens/ci")).status).toBe(204);
    expect((await use()).status).toBe(401);
    expect((await harness.ask("DELETE", "/api-tokens/ci")).status).toBe(409);
  });

  test("have no sessions and no password", async () => {
    expect((await harness.ask("GET", "/sessions")).status).toBe(403);
    expect((await harness.ask("DELETE", "/sessions")).status).toBe(403);
    const body = { current: PASSWORD, password: PASSWORD };
    expect((await harness.ask("PUT", "/session/password", { body })).status).toBe(403);
  });

  test("are stored as hashes", async () => {
    const { body } = await createToken("ci");
    const bytes = await Bun.file(`${harness.folder}/data/haproxy-jwt.db`).bytes();
    const wal = await Bun.file(`${harness.folder}/data/haproxy-jwt.db-wal`).bytes();
    const text = Buffer.concat([bytes, wal]).toString("latin1");
    expect(text).toContain("ci");
    expect(text).not.toContain(String(body["token"]));
    expect(text).not.toContain(PASSWORD);
  });

  for (const [what, body] of [
    ["no role", { name: "x" }],
    ["no name", { role: "admin" }],
    ["another role", { name: "x", role: "root" }],
    ["a name with a tab", { name: "x\ty", role: "admin" }],
    ["a secret of one's own", { name: "x", role: "admin", token: "y" }],
  ] as const) {
    test(`are not made with ${what}`, async () => {
      expect((await harness.ask("POST", "/api-tokens", { body })).status).toBe(422);
    });
  }

  test("have names of their own", async () => {
    await createToken("ci");
    expect((await createToken("ci")).status).toBe(409);
  });
});

const link = async () => {
  const made = await createFirstRunLink(
    harness.store.accounts,
    "http://127.0.0.1:4001",
    harness.clock.now,
  );
  return made?.split("#first-run=")[1] ?? "";
};

const use = (secret: string, more: Readonly<Record<string, unknown>> = {}) =>
  harness.ask("POST", "/first-run", {
    as: "nobody",
    body: { secret, name: "root", password: PASSWORD, ...more },
  });

const check = (secret: string) =>
  harness.ask("POST", "/first-run/check", { as: "nobody", body: { secret } });

describe("the first admin", () => {
  test("is made by the link, once, and is logged in", async () => {
    const secret = await link();
    expect(secret).toMatch(/^[\w-]{43}$/);
    const answer = await use(secret);
    expect(answer.body).toMatchObject({ name: "root", role: "admin" });
    const session = await harness.ask("GET", "/people", { cookie: cookieOf(answer) });
    expect(session.status).toBe(200);
    expect((await use(secret, { name: "second" })).status).toBe(401);
    expect(await link()).toBe("");
  });

  test("is made by one of two who are there at once", async () => {
    const secret = await link();
    const answers = await Promise.all([use(secret, { name: "one" }), use(secret, { name: "two" })]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 401]);
    expect((await harness.ask("GET", "/people")).body["items"]).toHaveLength(1);
  });

  test("is told whether the link holds, which uses nothing up", async () => {
    const secret = await link();
    expect((await check(secret)).status).toBe(204);
    expect((await check("A".repeat(43))).status).toBe(401);
    expect((await use(secret)).status).toBe(201);
    expect((await check(secret)).status).toBe(401);
  });

  test("is not made after fifteen minutes", async () => {
    const secret = await link();
    harness.clock.now += 15 * 60;
    expect((await use(secret)).status).toBe(401);
  });

  test("is not made under a clock that was set back, which would keep the link for years", async () => {
    harness.clock.now += 10 * 365 * 86_400;
    const secret = await link();
    harness.clock.now -= 10 * 365 * 86_400;
    expect((await use(secret)).status).toBe(401);
    expect((await use(await link())).status).toBe(201);
  });

  test("is not made once an admin exists, however he came about", async () => {
    const secret = await link();
    await addPerson(harness, "alice", "admin");
    expect((await use(secret)).status).toBe(401);
  });

  test("is not made by an earlier link than the last", async () => {
    const secret = await link();
    await link();
    expect((await use(secret)).status).toBe(401);
  });

  test("is not made by guessing, and guessing is bounded", async () => {
    await link();
    for (const secret of ["", "x", "A".repeat(43), "first_run"]) {
      expect([401, 422]).toContain((await use(secret)).status);
    }
    for (let attempt = 0; attempt < 10; attempt += 1) await use("A".repeat(43));
    expect((await use("A".repeat(43))).status).toBe(429);
  });

  test("may choose again when the password was refused: the link is not used up", async () => {
    const secret = await link();
    expect((await use(secret, { password: "passwordpassword" })).status).toBe(422);
    expect((await use(secret, { name: "a/b" })).status).toBe(422);
    expect((await use(secret)).status).toBe(201);
  });

  test("is not found by the link's secret in the store", async () => {
    const secret = await link();
    expect(await harness.store.accounts.getSetting("first_run")).not.toContain(secret);
  });
});
