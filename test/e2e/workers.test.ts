/** Several judging threads on one port: all of them know every change that was acknowledged. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { mint } from "../helpers/mint.ts";
import { countOf } from "../helpers/server-counts.ts";
import { claims } from "../helpers/tokens.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { waitFor } from "../helpers/wait-for.ts";

const stack = new AsyncDisposableStack();
const ROUNDS = 20;
const QUESTIONS = 12;
let edge: Edge;

beforeAll(async () => {
  edge = await startEdge(stack, {
    serverEnv: { JWT_WORKERS: "3" },
    haproxyEnv: { JWT_CACHE_TTL: "0" },
  });
});
afterAll(() => stack.disposeAsync());

describe("with three judging threads", () => {
  test("every thread judges, and their verdicts are counted together", async () => {
    const token = mintFor("counted");
    await Promise.all(ask(token));
    await waitFor("all verdicts to be counted", async () => {
      const counted = await countOf(edge.server, "haproxy_jwt_verdicts_total", ['reason="ok"']);
      return counted >= QUESTIONS;
    });
  });

  test("previews know the tokens that another thread accepted, however many claims they have", async () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`claim-${n}`, n]));
    const mintMany = () => mint(edge.keys.rs, claims({ ...many, username: "many" }));
    for (const answer of await Promise.all(askEach(Array.from({ length: QUESTIONS }, mintMany))))
      expect(answer.valid).toBe("1");
    const rule = JSON.stringify({ username: "many" });
    await waitFor("the preview to count them", async () => {
      const { stdout } = await edge.server.run(
        "rules",
        "preview",
        "--global",
        "--rule",
        rule,
        "--json",
      );
      const { seen } = JSON.parse(stdout) as { readonly seen: { readonly matched: number } };
      return seen.matched === QUESTIONS;
    });
  });

  test("none accepts a token after its revocation was acknowledged", async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const user = `user-${round}`;
      const token = mintFor(user);
      for (const { valid } of await Promise.all(ask(token))) expect(valid).toBe("1");
      const { code } = await edge.server.run("revoke", "user", user, "--reason", "test");
      expect(code).toBe(0);
      for (const { valid, detail } of await Promise.all(ask(token)))
        expect([valid, detail]).toEqual(["0", "revoked"]);
    }
  }, 60_000);

  test("HAProxy is told the same by whichever thread it asks", async () => {
    const token = mintFor("through");
    expectValid(await edge.ask(token));
    await edge.server.run("revoke", "block", "through", "--reason", "test");
    for (let i = 0; i < QUESTIONS; i += 1)
      expectRefused(await edge.ask(token), { detail: "revoked" });
  });

  test("each finds a claim whose name is not ASCII, and the one that answers for the others too", async () => {
    const token = mint(edge.keys.rs, claims({ é: "one" }));
    const accept = "application/vnd.haproxy-jwt.verdict+json";
    // As HAProxy sends it: in UTF-8.
    const named = { accept, "x-jwt-claims": Buffer.from("é").toString("latin1") };
    for (const ttl of ["0", "300"]) {
      for (const answer of await Promise.all(ask(token, { ...named, "x-jwt-ttl": ttl })))
        expect(answer).toMatchObject({ valid: "1", vars: { _: "one" } });
    }
  });
});

/** Each question on a connection of its own, so that the kernel spreads them over the threads. */
function ask(token: string, headers: Readonly<Record<string, string>> = {}) {
  return askEach(
    Array.from({ length: QUESTIONS }, () => token),
    headers,
  );
}

function askEach(tokens: readonly string[], headers: Readonly<Record<string, string>> = {}) {
  return tokens.map((token) =>
    edge.server.judge(token, { connection: "close", "x-jwt-ttl": "0", ...headers }),
  );
}

function mintFor(username: string): string {
  return mint(edge.keys.rs, claims({ username, sub: username }));
}
