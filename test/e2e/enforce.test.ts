import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { valuesOf } from "../helpers/http-message.ts";
import { mint } from "../helpers/mint.ts";
import { toRequest } from "../helpers/raw-client.ts";
import { SPOOFED_NAMES } from "../helpers/spoofed-names.ts";
import {
  claims,
  createKeys,
  expiredToken,
  foreignToken,
  forgedToken,
  unknownKidToken,
} from "../helpers/tokens.ts";
import type { Answer } from "../helpers/answer.ts";

const keys = createKeys();
// Stands in every header that a client forges: the upstream must never read it.
const CANARY = "spoofed-by-client";

function challengeOf(answer: Answer): string {
  return valuesOf(answer.response?.fields ?? [], "www-authenticate").join(" | ");
}

describe("enforce.cfg", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys, config: "enforce.cfg" });
  });
  afterAll(() => stack.disposeAsync());

  test("passes a valid token on", async () => {
    expectValid(await edge.ask(mint(keys.rs, claims())));
  });

  test.each([
    ["forged", forgedToken(keys), "signature"],
    ["expired", expiredToken(keys), "expired"],
    ["of a foreign key", foreignToken(keys), "signature"],
    ["of an unknown kid", unknownKidToken(keys), "unknown_key"],
    ["no token at all", "hello", "malformed"],
    ["too large", "x".repeat(9000), "too_large"],
  ])("answers 401 to a token that is %s", async (_, token, detail) => {
    const answer = await edge.ask(token);
    expect([answer.status, answer.delivered]).toEqual([401, undefined]);
    expect(challengeOf(answer)).toBe(
      `Bearer realm="haproxy-jwt", error="invalid_token", error_description="${detail}"`,
    );
  });

  test("answers 401 without an error code when there is no token (RFC 6750 §3.1)", async () => {
    const answer = await edge.ask();
    expect([answer.status, answer.delivered]).toEqual([401, undefined]);
    expect(challengeOf(answer)).toBe('Bearer realm="haproxy-jwt"');
  });

  test("names JWT_REALM in both", async () => {
    const other = await edge.beside({
      config: "enforce.cfg",
      haproxyEnv: { JWT_REALM: "the orders' API" },
    });
    expect(challengeOf(await other.ask())).toBe(`Bearer realm="the orders' API"`);
    expect(challengeOf(await other.ask(expiredToken(keys)))).toBe(
      `Bearer realm="the orders' API", error="invalid_token", error_description="expired"`,
    );
    expectValid(await other.ask(mint(keys.rs, claims())));
  });

  test("lets a client's own identity headers open nothing, and reach nothing", async () => {
    const refused = [forgedToken(keys), expiredToken(keys), undefined];
    const known = mint(keys.rs, claims());
    for (const name of SPOOFED_NAMES) {
      const lines = [`${name}: 1`, `${name}: ${CANARY}`];
      for (const token of refused) {
        const answer = await edge.ask(token, lines);
        expect([answer.status, answer.delivered]).toEqual([401, undefined]);
      }
      for (const token of [mint(keys.rs, claims()), known]) {
        expectValid(await edge.ask(token, lines));
      }
      // Passed on without a token, and as that.
      const probe = toRequest(lines, "/health");
      expectRefused(await edge.send(probe), { detail: "missing" });
    }
    expect(edge.upstream.requests.length).toBeGreaterThanOrEqual(3 * SPOOFED_NAMES.length);
    expect(edge.upstream.received().includes(CANARY)).toBe(false);
  });

  test("passes a preflight as not valid", async () => {
    const lines = ["origin: https://app.test", "access-control-request-method: POST"];
    const answer = await edge.send(toRequest(lines).replace("GET ", "OPTIONS "));
    expect(valuesOf(answer.delivered?.fields ?? [], "x-tkn-valid")).toEqual(["0"]);
  });

  test.each([
    ["OPTIONS without origin", "OPTIONS", ["access-control-request-method: POST"]],
    ["OPTIONS without a requested method", "OPTIONS", ["origin: https://app.test"]],
    [
      "GET that looks like a preflight",
      "GET",
      ["origin: https://app.test", "access-control-request-method: POST"],
    ],
  ])("answers 401 to %s", async (_, method, lines) => {
    const answer = await edge.send(toRequest(lines).replace("GET ", `${method} `));
    expect([answer.status, answer.delivered]).toEqual([401, undefined]);
  });

  test.each(["/health", "/healthz", "/livez", "/readyz"])(
    "passes a probe of %s on as not valid, and nothing else there",
    async (path) => {
      const probe = await edge.send(toRequest([], `${path}?from=lb`));
      expect(probe.status).toBe(200);
      expectRefused(probe, { detail: "missing" });
      for (const [method, target] of [
        ["POST", path],
        ["DELETE", path],
        ["GET", `${path}/`],
        ["GET", `/x${path}`],
      ] as const) {
        const answer = await edge.send(toRequest([], target).replace("GET ", `${method} `));
        expect([answer.status, answer.delivered]).toEqual([401, undefined]);
      }
    },
  );

  test("answers 503 while nobody can judge", async () => {
    await edge.server.stop();
    const answer = await edge.ask(mint(keys.rs, claims()));
    expect([answer.status, answer.delivered]).toEqual([503, undefined]);
    await edge.server.start();
  });
});
