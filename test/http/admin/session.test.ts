/** Logging in and out: cookies, ends of sessions, throttling, constant answers. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { addPerson, cookieOf, createHarness, NOW, PASSWORD, type Harness } from "./harness.ts";

const stack = new AsyncDisposableStack();
let harness: Harness;

beforeEach(async () => {
  harness = await createHarness(stack);
  await addPerson(harness, "alice", "operator");
});
afterAll(() => stack.disposeAsync());

const logIn = (name: string, password: string, address?: string) =>
  harness.ask("POST", "/session", {
    as: "nobody",
    body: { name, password },
    ...(address === undefined ? {} : { address }),
  });

describe("logging in", () => {
  test("gives a session in a cookie that scripts and other sites cannot have", async () => {
    const answer = await logIn("alice", PASSWORD);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ name: "alice", role: "operator" });
    const cookie = answer.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^__Host-haproxy-jwt=[\w-]{43}; /);
    const flags = cookie.split("; ").slice(1);
    expect(flags.toSorted()).toEqual(["HttpOnly", "Path=/", "SameSite=Strict", "Secure"]);
    expect(answer.text).not.toContain(cookieOf(answer).split("=")[1] ?? "?");
    const session = await harness.ask("GET", "/session", { cookie: cookieOf(answer) });
    expect(session.body).toMatchObject({ name: "alice", role: "operator", kind: "session" });
  });

  test.each([
    [
      { username: "alice", password: PASSWORD },
      'There is no member "username" here, and "name" is missing',
      "/name",
    ],
    [{ name: "alice", password: PASSWORD, otp: "1" }, 'There is no member "otp" here', "/otp"],
    [{ name: "alice" }, '"password" is missing', "/password"],
    [{ name: "alice", password: 5 }, "A member is not right", "/password"],
    [{ name: "alice", password: PASSWORD, "a.b": 1 }, 'There is no member "?" here', "/?"],
  ])("says of %o in plain words which member is wrong", async (body, title, path) => {
    const answer = await harness.ask("POST", "/session", { as: "nobody", body });
    expect(answer.body).toMatchObject({ status: 422, title, path });
    expect(answer.body["expected"]).not.toBe("required property");
    expect(answer.headers.get("set-cookie")).toBeNull();
  });

  test("gives another session each time, and ends the one the browser had", async () => {
    const first = await harness.logIn("alice");
    const answer = await harness.ask("POST", "/session", {
      cookie: first,
      body: { name: "alice", password: PASSWORD },
    });
    const second = cookieOf(answer);
    expect(second).not.toBe(first);
    expect((await harness.ask("GET", "/session", { cookie: first })).status).toBe(401);
    expect((await harness.ask("GET", "/session", { cookie: second })).status).toBe(200);
  });

  test("takes up no session id that somebody else has chosen", async () => {
    const planted = `__Host-haproxy-jwt=${"B".repeat(43)}`;
    const answer = await harness.ask("POST", "/session", {
      cookie: planted,
      body: { name: "alice", password: PASSWORD },
    });
    expect(cookieOf(answer)).not.toBe(planted);
    expect((await harness.ask("GET", "/session", { cookie: planted })).status).toBe(401);
  });

  test("answers a wrong password and an unknown name in the same words, with no cookie", async () => {
    const wrong = await logIn("alice", `${PASSWORD}!`);
    const unknown = await logIn("mallory", PASSWORD);
    expect([wrong.status, wrong.text]).toEqual([401, unknown.text]);
    expect(unknown.status).toBe(401);
    expect(wrong.headers.get("www-authenticate")).toBe('Bearer realm="haproxy-jwt"');
    expect(wrong.headers.get("set-cookie")).toBeNull();
    expect([...wrong.headers.keys()]).toEqual([...unknown.headers.keys()]);
  });

  const REFUSED: readonly (readonly [string, unknown, number])[] = [
    ["no name", { password: PASSWORD }, 422],
    ["no password", { name: "alice" }, 422],
    ["an empty password", { name: "alice", password: "" }, 422],
    ["an unknown member", { name: "alice", password: PASSWORD, role: "admin" }, 422],
    ["a list for a name", { name: ["alice"], password: PASSWORD }, 422],
    ["another spelling of the name", { name: "Alice", password: PASSWORD }, 401],
    ["a blank after the password", { name: "alice", password: `${PASSWORD} ` }, 401],
    ["a NUL after the password", { name: "alice", password: `${PASSWORD}\u0000` }, 401],
    ["a password of a megabyte", { name: "alice", password: "x".repeat(1_000_000) }, 413],
    ["SQL for a name", { name: "' OR 1=1 --", password: PASSWORD }, 401],
    ["__proto__ for a name", { name: "__proto__", password: PASSWORD }, 401],
  ];
  for (const [what, body, status] of REFUSED) {
    test(`refuses ${what}`, async () => {
      const answer = await harness.ask("POST", "/session", { as: "nobody", body });
      expect(answer.status).toBe(status);
      expect(answer.headers.get("set-cookie")).toBeNull();
      expect(answer.text).not.toContain(PASSWORD);
    });
  }

  test("takes the password in either Unicode form", async () => {
    const composed = "ein schöner Tag für Äpfel und Öl";
    await harness.ask("POST", "/people", {
      body: { name: "uwe", role: "viewer", password: composed.normalize("NFC") },
    });
    expect((await logIn("uwe", composed.normalize("NFD"))).status).toBe(201);
  });
});

describe("throttling", () => {
  test("lets ten attempts a minute at an account through, from wherever, then none, not even the right one", async () => {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const answer = await logIn("alice", "wrong wrong wrong", `192.0.2.${attempt}`);
      expect(answer.status).toBe(401);
    }
    const late = await logIn("alice", PASSWORD, "192.0.2.99");
    expect(late.status).toBe(429);
    expect(late.headers.get("retry-after")).toBe("60");
    harness.clock.now += 61;
    expect((await logIn("alice", PASSWORD)).status).toBe(201);
  });

  test("lets ten attempts a minute from an address through, at whatever names", async () => {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect((await logIn(`name${attempt}`, "wrong wrong wrong")).status).toBe(401);
    }
    expect((await logIn("alice", PASSWORD)).status).toBe(429);
    expect((await logIn("alice", PASSWORD, "192.0.2.1")).status).toBe(201);
  });

  test("is not fooled by X-Forwarded-For from anybody but a trusted proxy", async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 11; attempt += 1) {
      const answer = await harness.ask("POST", "/session", {
        as: "nobody",
        headers: { "x-forwarded-for": `198.51.100.${attempt}` },
        body: { name: `name${attempt}`, password: "wrong wrong wrong" },
      });
      statuses.push(answer.status);
    }
    expect(statuses.at(-1)).toBe(429);
  });

  test("does not count what succeeds", async () => {
    for (let login = 0; login < 12; login += 1) {
      expect((await logIn("alice", PASSWORD)).status).toBe(201);
    }
  });

  test("counts guesses at others from an address that logs itself in between them", async () => {
    const guesses: number[] = [];
    for (let guess = 0; guess < 12; guess += 1) {
      guesses.push((await logIn(`name${guess}`, "wrong wrong wrong")).status);
      if (guess % 3 === 0 && guess < 9) expect((await logIn("alice", PASSWORD)).status).toBe(201);
    }
    expect(guesses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    expect((await logIn("alice", PASSWORD, "192.0.2.1")).status).toBe(201);
  });

  test("does not count against a person what an address tries beyond its bound", async () => {
    for (let attempt = 0; attempt < 10; attempt += 1) await logIn(`name${attempt}`, "wrong wrong");
    for (let attempt = 0; attempt < 15; attempt += 1) {
      expect((await logIn("alice", "wrong wrong wrong")).status).toBe(429);
    }
    expect((await logIn("alice", PASSWORD, "192.0.2.1")).status).toBe(201);
  });

  test("bounds the attempts at the present password as well", async () => {
    const cookie = await harness.logIn("alice");
    const change = () =>
      harness.ask("PUT", "/session/password", {
        cookie,
        body: { current: "wrong wrong wrong", password: "green lantern over quiet water" },
      });
    for (let attempt = 0; attempt < 10; attempt += 1) expect((await change()).status).toBe(422);
    expect((await change()).status).toBe(429);
  });
});

describe("a session", () => {
  test("ends after thirty minutes without a request", async () => {
    const cookie = await harness.logIn("alice");
    harness.clock.now = NOW + 29 * 60;
    expect((await harness.ask("GET", "/session", { cookie })).status).toBe(200);
    harness.clock.now += 29 * 60;
    expect((await harness.ask("GET", "/session", { cookie })).status).toBe(200);
    harness.clock.now += 30 * 60;
    expect((await harness.ask("GET", "/session", { cookie })).status).toBe(401);
  });

  test("ends after twelve hours, however busy", async () => {
    const cookie = await harness.logIn("alice");
    for (let minutes = 0; minutes < 12 * 60; minutes += 20) {
      harness.clock.now = NOW + minutes * 60;
      expect((await harness.ask("GET", "/session", { cookie })).status).toBe(200);
    }
    harness.clock.now = NOW + 12 * 3600;
    expect((await harness.ask("GET", "/session", { cookie })).status).toBe(401);
  });

  test("is over on the server once logged out", async () => {
    const cookie = await harness.logIn("alice");
    const answer = await harness.ask("DELETE", "/session", { cookie });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await harness.ask("GET", "/session", { cookie })).status).toBe(401);
  });

  test("is over everywhere once logged out everywhere, and nobody else's is", async () => {
    await addPerson(harness, "carol", "viewer");
    const mine = [await harness.logIn("alice"), await harness.logIn("alice")];
    const hers = await harness.logIn("carol");
    const list = await harness.ask("GET", "/sessions", { cookie: mine[0] ?? "" });
    expect(list.body["items"]).toHaveLength(2);
    expect(list.body["items"]).toContainEqual(expect.objectContaining({ isThis: true }));
    expect((await harness.ask("DELETE", "/sessions", { cookie: mine[0] ?? "" })).status).toBe(204);
    for (const cookie of mine) {
      expect((await harness.ask("GET", "/session", { cookie })).status).toBe(401);
    }
    expect((await harness.ask("GET", "/session", { cookie: hers })).status).toBe(200);
  });

  test("is over when the password changes; whoever changed his own goes on with a new one", async () => {
    const [here, there] = [await harness.logIn("alice"), await harness.logIn("alice")];
    const password = "green lantern over quiet water";
    const answer = await harness.ask("PUT", "/session/password", {
      cookie: here,
      body: { current: PASSWORD, password },
    });
    expect(answer.status).toBe(200);
    for (const cookie of [here, there]) {
      expect((await harness.ask("GET", "/session", { cookie })).status).toBe(401);
    }
    expect((await harness.ask("GET", "/session", { cookie: cookieOf(answer) })).status).toBe(200);
    expect((await logIn("alice", PASSWORD)).status).toBe(401);
    expect((await logIn("alice", password)).status).toBe(201);
  });

  test("is over when its person is removed, and loses rights with him", async () => {
    const cookie = await harness.logIn("alice");
    await harness.ask("PUT", "/people/alice/role", { body: { role: "viewer" } });
    expect((await harness.ask("POST", "/keys/sync", { cookie, text: "{}" })).status).toBe(403);
    await harness.ask("DELETE", "/people/alice");
    expect((await harness.ask("GET", "/session", { cookie })).status).toBe(401);
  });

  test("is not to be had from two cookies at once", async () => {
    const cookie = await harness.logIn("alice");
    const other = `__Host-haproxy-jwt=${"C".repeat(43)}`;
    expect((await harness.ask("GET", "/session", { cookie: `${cookie}; ${other}` })).status).toBe(
      401,
    );
  });

  test("does not make a wrong token good", async () => {
    const cookie = await harness.logIn("alice");
    const answer = await harness.ask("GET", "/session", {
      cookie,
      headers: { authorization: `Bearer hjwt_${"A".repeat(43)}` },
    });
    expect(answer.status).toBe(401);
  });
});
