import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { valuesOf } from "../helpers/http-message.ts";
import { mint } from "../helpers/mint.ts";
import { toRequest } from "../helpers/raw-client.ts";
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
    expect(challengeOf(answer)).toMatch(/^Bearer /);
    expect(challengeOf(answer)).toContain('error="invalid_token"');
    expect(challengeOf(answer)).toContain(`error_description="${detail}"`);
  });

  test("answers 401 without an error code when there is no token (RFC 6750 §3.1)", async () => {
    const answer = await edge.ask();
    expect([answer.status, answer.delivered]).toEqual([401, undefined]);
    expect(challengeOf(answer)).toMatch(/^Bearer /);
    expect(challengeOf(answer)).not.toContain("error");
  });

  test("lets a forged x-tkn-valid open nothing", async () => {
    for (const name of ["x-tkn-valid", "x_tkn_valid", "x.tkn.valid"]) {
      expect((await edge.ask(undefined, [`${name}: 1`])).status).toBe(401);
    }
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
