import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Answer } from "../helpers/answer.ts";
import { encrypt } from "../helpers/decryption-keys.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { mint, withPart } from "../helpers/mint.ts";
import { openConnection, toRequest } from "../helpers/raw-client.ts";
import {
  claims,
  createKeys,
  expiredToken,
  forgedToken,
  unknownKidToken,
} from "../helpers/tokens.ts";

const keys = createKeys();
// Stands in claims, in query values and in what is asked of the server: no log line may have it.
const CANARY = "canary-7f3e9d";
const HAPROXY_ENV = { JWT_QUERY: "access_token", JWT_COOKIE: "session", JWT_CACHE_TTL: "1" };

/** Paths and methods that a scanner would try on the token-server. */
const PROBES: readonly (readonly [string, string])[] = [
  ["GET", "/"],
  ["GET", "/metrics"],
  ["GET", "/livez"],
  ["GET", "/readyz"],
  ["GET", "/generic/health"],
  ["GET", "/keys.json"],
  ["GET", "/.well-known/jwks.json"],
  ["GET", "/feed"],
  ["GET", "/nowhere"],
  ["PUT", "/"],
  ["DELETE", "/keys.json"],
  ["GET", "/%2e%2e/%2e%2e/etc/passwd"],
];

describe("tokens, claims and secrets", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  let tokens: readonly string[] = [];
  beforeAll(async () => {
    edge = await startEdge(stack, {
      keys,
      haproxyEnv: HAPROXY_ENV,
      // HAProxy logs that it took the action's turn away, where a client that leaves is quick enough.
      mayLogLuaErrors: true,
    });
    edge.keepSecret(CANARY);
    const secret = { note: CANARY };
    tokens = [
      mint(keys.hs, claims(secret)),
      mint(keys.rs, claims(secret)),
      mint(keys.es, claims(secret)),
      await encrypt(keys.dir, claims(secret)),
      expiredToken(keys),
      forgedToken(keys),
      unknownKidToken(keys),
      mint(keys.rs, `{"note":"${CANARY}",}`),
      mint(keys.rs, { ...claims(), note: CANARY, exp: CANARY }),
      mint(keys.rs, claims(), { alg: CANARY, kid: CANARY, typ: CANARY }),
      withPart(await encrypt(keys.dir, claims(secret)), 4, "AAAAAAAAAAAAAAAAAAAAAA"),
      "not.a.token-but-a-long-one-all-the-same",
    ];
  });
  afterAll(() => stack.disposeAsync());

  test("are in no answer of the server to those who may not have them", async () => {
    const secret = keys.hs.entry["secret"] ?? "";
    const answers: string[] = [];
    for (const [method, path] of PROBES) {
      const response = await fetch(`http://127.0.0.1:${edge.server.port}${path}`, {
        method,
        signal: AbortSignal.timeout(1000),
      }).catch(() => undefined);
      answers.push((await response?.text().catch(() => "")) ?? "");
    }
    for (const token of tokens) {
      for (const type of ["application/jwt", "text/plain", "application/json", "text/html"]) {
        const response = await fetch(`http://127.0.0.1:${edge.server.port}/`, {
          method: "POST",
          body: token,
          headers: { "content-type": type },
        });
        // Bodies of valid tokens are the answer; errors must not repeat what they are about.
        const text = await response.text();
        if (!response.ok) answers.push(text);
      }
    }
    expect(answers.filter((text) => text.includes(secret) || text.includes(CANARY))).toEqual([]);
  });

  test("of a JWE are needed with it: HAProxy without the key refuses it, as nobody could say who it is", async () => {
    const keyless = await edge.beside({ haproxyEnv: { JWT_VERIFIER_KEY: "" } });
    const text = JSON.stringify(claims());
    const token = await encrypt(keys.dir, text);
    expectValid(await edge.ask(token), text);
    expectRefused(await keyless.ask(token), { reason: "E_BACKEND_UNAVAIL", detail: "unavailable" });
    expectValid(await keyless.ask(mint(keys.rs, text)), text);
    const said = readFileSync(keyless.haproxy.logFile, "utf8");
    expect(said).toContain(
      "a JWE is refused: its claims come only to whoever has the verifier key",
    );
  });

  test("of a JWE are shown by the server only to a caller with the verifier key", async () => {
    const token = await encrypt(keys.dir, claims({ note: CANARY }));
    const stranger = await edge.server.judge(token);
    expect([stranger.valid, stranger.body]).toEqual(["1", undefined]);
    const wrong = await edge.server.judge(token, { authorization: "Bearer wrong" });
    expect(wrong.body).toBeUndefined();
    const own = await edge.server.judge(token, {
      authorization: `Bearer ${edge.server.verifierKey}`,
    });
    expect(own.body).toMatchObject({ note: CANARY });
  });

  test("as HMAC keys are published only to a caller with the verifier key", async () => {
    const secret = keys.hs.entry["secret"] ?? "";
    const read = async (headers: Readonly<Record<string, string>>) => {
      const response = await fetch(`http://127.0.0.1:${edge.server.port}/keys.json`, { headers });
      return response.text();
    };
    expect(await read({})).not.toContain(secret);
    expect(await read({ authorization: "Bearer wrong" })).not.toContain(secret);
    expect(await read({ authorization: `Bearer ${edge.server.verifierKey}` })).toContain(secret);
  });

  test("reach no log, whatever is done with them", async () => {
    const enforcing = await edge.beside({ config: "enforce.cfg", haproxyEnv: HAPROXY_ENV });
    const fronts = [edge, enforcing];
    const refusals: Answer[] = [];
    for (const front of fronts) {
      for (const token of tokens) {
        const header = `authorization: Bearer ${token}`;
        refusals.push(await front.ask(token), await front.ask(token));
        refusals.push(await front.send(toRequest([], `/?access_token=${token}`)));
        refusals.push(await front.send(toRequest([`cookie: session=${token}`])));
        refusals.push(await front.send(toRequest([header, header])));
        const connection = await openConnection(front.haproxy.port);
        connection.write(toRequest([header]));
        connection.reset();
      }
    }
    for (const token of tokens) await edge.server.judge(token);
    await edge.server.run("revoke", "user", "bob", "--reason", "test");
    await edge.server.kill();
    for (const front of fronts) for (const token of tokens) refusals.push(await front.ask(token));
    await edge.server.start();
    // What a crash writes counts too.
    edge.server.program().signal("SIGABRT");
    await edge.server.program().exited;
    await edge.server.start();
    const answers = refusals.filter(({ delivered }) => delivered === undefined);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 503]));
    const words = [CANARY, ...tokens.flatMap((token) => token.split("."))];
    const long = words.filter((word) => word.length >= CANARY.length);
    const said = answers.map(({ response }) => response?.bytes.toString("latin1") ?? "");
    expect(long.filter((word) => said.some((text) => text.includes(word)))).toEqual([]);
    // The logs are read when the edge is taken down; these must have something to read.
    for (const front of fronts) {
      expect(readFileSync(front.haproxy.logFile, "latin1")).toContain("reason=");
    }
    expect(statSync(edge.server.logFile).size).toBeGreaterThan(0);
  });

  test("lie in a folder and files that are the owner's alone", () => {
    const { dataDir } = edge.server;
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const open = readdirSync(dataDir, { recursive: true, encoding: "utf8" }).filter(
      (name) => (statSync(join(dataDir, name)).mode & 0o077) !== 0,
    );
    expect(open).toEqual([]);
    expect(readdirSync(dataDir).length).toBeGreaterThan(0);
  });
});
