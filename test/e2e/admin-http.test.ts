/** The admin listener of the compiled binary from outside: what ASVS 5.0 asks of it (P13), over the wire. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { type Appliance, startAppliance } from "../helpers/appliance.ts";
import { type CommandLine, createCommandLine } from "../helpers/command-line.ts";
import { mint } from "../helpers/mint.ts";
import { exchange } from "../helpers/raw-client.ts";
import { createSigningKey } from "../helpers/signing-keys.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";
import { claims } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

const PASSWORD = "purple walrus dances slowly";
const stack = new AsyncDisposableStack();
const key = createSigningKey("ES256");
let server: Appliance;
let cli: CommandLine;
let base: string;
let token: string;
const secrets = new Set<string>([PASSWORD]);

beforeAll(async () => {
  const folder = createTempFolder(stack);
  const keyFile = join(folder, "keys.json");
  await Bun.write(keyFile, JSON.stringify({ keys: [key.jwk] }));
  server = await startAppliance(stack, { folder, env: { JWT_JWKS_FILE: keyFile } });
  cli = createCommandLine(server.dataDir);
  base = `http://127.0.0.1:${server.adminPort}`;
  const made = await cli("admin", "token", "create", "--name", "test", "--role", "admin");
  token = made.stdout.trim().split("\n").at(-1) ?? "";
  secrets.add(token);
});
afterAll(() => stack.disposeAsync());

interface Init {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(path: string, { method = "GET", body, headers = {} }: Init = {}) {
  const response = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const asAdmin = (path: string, init: Init = {}) =>
  ask(path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });

const raw = async (...lines: readonly string[]) => {
  const response = await exchange(server.adminPort, `${lines.join("\r\n")}\r\n\r\n`);
  return {
    status: Number(response?.startLine.split(" ")[1] ?? 0),
    body: response?.body.toString() ?? "",
  };
};

describe("the first admin", () => {
  test("is made by the link on the console, in a browser's own words, and logs in from then on", async () => {
    const secret = /#first-run=([\w-]{43})/.exec(server.program().output())?.[1] ?? "";
    expect(secret).not.toBe("");
    const browser = { origin: base, "sec-fetch-site": "same-origin" };
    const body = { secret, name: "root", password: PASSWORD };
    const stranger = await ask("/first-run", {
      method: "POST",
      body,
      headers: { origin: "http://evil.example" },
    });
    expect(stranger.status).toBe(403);
    const made = await ask("/first-run", { method: "POST", body, headers: browser });
    expect(made.status).toBe(201);
    const cookie = made.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(
      /^__Host-haproxy-jwt=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    );
    secrets.add(cookie.split(/[=;]/)[1] ?? "");
    const mine = await ask("/people", { headers: { cookie: cookie.split(";", 1)[0] ?? "" } });
    expect(mine.status).toBe(200);
    expect((await ask("/first-run", { method: "POST", body, headers: browser })).status).toBe(401);
  });
});

describe("every route of the description", () => {
  test("answers 401 to nobody, over the wire", async () => {
    const { text } = await asAdmin("/openapi.json");
    const { paths } = JSON.parse(text) as {
      paths: Record<string, Record<string, { security?: unknown[] }>>;
    };
    let walked = 0;
    for (const [path, item] of Object.entries(paths)) {
      for (const [method, { security }] of Object.entries(item)) {
        if (security?.length === 0) continue;
        const url = path.slice("/api/v1".length).replace(/\{\w+\}/g, "1");
        const answer = await ask(url, { method: method.toUpperCase() });
        expect([method, path, answer.status]).toEqual([method, path, 401]);
        walked += 1;
      }
    }
    expect(walked).toBeGreaterThan(25);
  });
});

describe("requests that are bent", () => {
  const good = "Host: 127.0.0.1";

  const PATHS = [
    "//api/v1/rules",
    "/api/v1//rules",
    "/api//v1/rules",
    "/api/v1/rules/",
    "/api/v1/rules/.",
    "/api/v1/x/../rules",
    "/api/v1/%72ules",
    "/api/v1/rules%2f1",
    "/api/v1/rules%00",
    "/api/v1/rules;x=1",
    "/API/v1/rules",
    "/api/v1\\rules",
    "/api",
    "/api/",
    "http://127.0.0.1/api/v1/rules",
    "http://evil.example/api/v1/rules",
  ];
  for (const path of PATHS) {
    test(`get nobody in by the path ${path}`, async () => {
      const { status, body } = await raw(`GET ${path} HTTP/1.1`, good, "Connection: close");
      // What lies beside the API is the page, which says the same to everybody.
      const isPage = status === 200 && /^<!doctype html/i.test(body);
      if (!isPage) expect([400, 401, 404, 421]).toContain(status);
      expect(body).not.toContain("items");
    });
  }

  const HOSTS: readonly (readonly [string, readonly string[]])[] = [
    ["a foreign host", ["Host: evil.example"]],
    ["a foreign host that begins like ours", ["Host: 127.0.0.1.evil.example"]],
    ["two hosts", ["Host: 127.0.0.1", "Host: evil.example"]],
    ["a foreign absolute address", []],
  ];
  for (const [what, hosts] of HOSTS) {
    test(`get nobody in by ${what}, whatever they show`, async () => {
      const target = hosts.length === 0 ? "http://evil.example/api/v1/stats" : "/api/v1/stats";
      const { status, body } = await raw(
        `GET ${target} HTTP/1.1`,
        ...(hosts.length === 0 ? ["Host: evil.example"] : hosts),
        `Authorization: Bearer ${token}`,
        "Connection: close",
      );
      expect([400, 421]).toContain(status);
      expect(body).not.toContain("epoch");
    });
  }

  test("get nobody in by two Authorization headers, or by naming a user of the control socket", async () => {
    const two = await raw(
      "GET /api/v1/stats HTTP/1.1",
      good,
      "Authorization: Bearer x",
      `Authorization: Bearer ${token}`,
      "Connection: close",
    );
    expect([400, 401]).toContain(two.status);
    const named = await raw(
      "GET /api/v1/stats HTTP/1.1",
      good,
      "X-Jwt-User: root",
      "Connection: close",
    );
    expect(named.status).toBe(401);
  });

  test("do not make it wait for a body that never comes, or comes in drops", async () => {
    const request = httpRequest({
      port: server.adminPort,
      path: "/api/v1/rules",
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${token}`,
        "content-length": 500,
      },
    });
    const answered = Promise.withResolvers<number>();
    request.on("response", (response) => answered.resolve(response.statusCode ?? 0));
    request.on("error", () => answered.resolve(0));
    request.write("{");
    const timer = setInterval(() => request.write(" "), 1000);
    const status = await answered.promise;
    clearInterval(timer);
    request.destroy();
    expect([0, 408]).toContain(status);
  });

  test("do not make it read more than it may", async () => {
    const body = { reason: "x".repeat(2_000_000) };
    expect((await asAdmin("/rules", { method: "POST", body })).status).toBe(413);
    expect((await ask("/rules", { method: "POST", body })).status).toBe(401);
  });
});

const logIn = (name: string, password: string) =>
  ask("/session", { method: "POST", body: { name, password } });

describe("passwords", () => {
  test("are hashed beside the judging: no token waits for it", async () => {
    const good = mint(key, claims({ sub: "zoe", username: "zoe" }));
    const waits: number[] = [];
    const over = new AbortController();
    const judging = (async () => {
      while (!over.signal.aborted) {
        const started = performance.now();
        const { valid } = await server.judge(good);
        waits.push(performance.now() - started);
        expect(valid).toBe("1");
      }
    })();
    await Promise.all(["a", "b", "c", "d"].map((name) => logIn(name, "wrong wrong wrong")));
    over.abort();
    await judging;
    // Hashing on the judging thread would hold each one up for longer than that.
    const late = waits.filter((wait) => wait > 50);
    expect(waits.length).toBeGreaterThan(20);
    expect(late.length).toBeLessThan(waits.length / 20);
  });

  test("can be tried ten times a minute, over a restart too", async () => {
    for (let attempt = 0; attempt < 12; attempt += 1) await logIn("root", "wrong wrong wrong");
    expect((await logIn("root", PASSWORD)).status).toBe(429);
    await server.stop();
    await server.start();
    expect((await logIn("root", PASSWORD)).status).toBe(429);
  });
});

describe("a store that cannot be written", () => {
  test("refuses changes with 503, does none of them, and takes them again afterwards", async () => {
    // The token's last use is written once an hour: not while it is locked.
    await asAdmin("/stats");
    const db = new Database(join(server.dataDir, "haproxy-jwt.db"));
    db.run("BEGIN IMMEDIATE");
    const body = { user: "locked", reason: "r" };
    try {
      const answer = await asAdmin("/revocations", { method: "POST", body });
      expect(answer.status).toBe(503);
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(JSON.parse(answer.text)).toMatchObject({ code: "unavailable" });
      expect((await asAdmin("/rules")).status).toBe(200);
    } finally {
      db.run("ROLLBACK");
      db.close();
    }
    expect((await asAdmin("/rules?subject=locked")).text).toBe('{"items":[]}');
    const again = await waitFor("the store to be written again", async () => {
      const answer = await asAdmin("/revocations", { method: "POST", body });
      return answer.status === 201 ? answer : undefined;
    });
    expect(JSON.parse(again.text)).toHaveProperty("id");
  });
});

describe("the log", () => {
  test("holds no password, cookie or token of all of this", () => {
    const output = server.program().output();
    expect(output).toContain("serving");
    for (const secret of secrets) expect(output.includes(secret)).toBe(false);
    expect(output).not.toMatch(/argon2|hjwt_/);
  });
});
