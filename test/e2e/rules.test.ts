import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { identityOf } from "../helpers/answer.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { mint } from "../helpers/mint.ts";
import { settledDetails } from "../helpers/settled.ts";
import { claims, createKeys, nowSeconds } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

const keys = createKeys();
const TTL_MS = 1000;

describe("rules from the command line", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys, haproxyEnv: { JWT_CACHE_TTL: String(TTL_MS / 1000) } });
  });
  afterAll(() => stack.disposeAsync());

  const add = (...args: readonly string[]) =>
    edge.server.run("rules", "add", ...args, "--reason", "test", "--json");
  const becomes = async (token: string, detail: string) => {
    expect(await settledDetails(edge, token, TTL_MS)).toEqual([detail]);
  };

  test("refuse a subject's matching tokens, and are lifted", async () => {
    const old = mint(keys.rs, claims({ sub: "ann", username: "ann", iat: nowSeconds() - 1000 }));
    const fresh = mint(keys.rs, claims({ sub: "ann", username: "ann" }));
    expectValid(await edge.ask(old));
    const rule = JSON.stringify({ iat: { lte: nowSeconds() - 500 } });
    const { code, stdout } = await add("--subject", "ann", "--rule", rule);
    expect(code).toBe(0);
    const { id } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { id: unknown };
    await becomes(old, "revoked");
    expectRefused(await edge.ask(old), { reason: "E_TKN_INVALID" });
    expectValid(await edge.ask(fresh));
    const lifted = await edge.server.run("rules", "lift", String(id), "--reason", "test");
    expect(lifted.code).toBe(0);
    await becomes(old, "valid");
  });

  test("refuse everyone's matching tokens when global", async () => {
    const marked = mint(keys.hs, claims({ batch: "b-1", sub: "eve", username: "eve" }));
    const other = mint(keys.hs, claims({ batch: "b-2", sub: "eve", username: "eve" }));
    expectValid(await edge.ask(marked));
    expect((await add("--global", "--rule", '{"batch":"b-1"}')).code).toBe(0);
    await becomes(marked, "revoked");
    expectValid(await edge.ask(other));
  });

  test("end by themselves", async () => {
    const token = mint(keys.rs, claims({ sub: "tom", username: "tom" }));
    const expireAt = String(nowSeconds() + 3);
    expect(
      (await add("--subject", "tom", "--rule", '{"sub":"tom"}', "--expire-at", expireAt)).code,
    ).toBe(0);
    await becomes(token, "revoked");
    await waitFor(
      "the rule to end",
      async () => identityOf(await edge.ask(token)).valid === "1",
      5000,
    );
  });

  test("outlive the server", async () => {
    const token = mint(keys.rs, claims({ sub: "kim", username: "kim" }));
    await edge.server.run("revoke", "user", "kim", "--reason", "test");
    await edge.server.kill();
    await edge.server.start();
    await becomes(token, "revoked");
  });

  test("can be written with no server running", async () => {
    const token = mint(keys.rs, claims({ sub: "lee", username: "lee" }));
    await edge.server.stop();
    const { code, stderr } = await edge.server.run("revoke", "user", "lee", "--reason", "test");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await edge.server.start();
    await becomes(token, "revoked");
  });

  test.each([
    ["an empty rule", "{}"],
    ["no JSON", "{"],
    ["a list", "[]"],
    ["an unknown operator", '{"iat":{"less":1}}'],
    ["an operand of the wrong type", '{"iat":{"lte":true}}'],
    ["a pattern that is not linear-time", '{"sub":{"regex":"(a)\\\\1"}}'],
    ["a pattern that does not end", '{"sub":{"regex":"("}}'],
    ["nine levels", `${'{"_or":true,"a":'.repeat(9)}1${"}".repeat(9)}`],
    ["17 KiB", JSON.stringify({ sub: "x".repeat(17 * 1024) })],
  ])("are refused with a reason, exit 1 and nothing written: %s", async (_, rule) => {
    const before = await edge.server.run("rules", "list", "--json");
    const { code, stderr } = await add("--subject", "ann", "--rule", rule);
    expect(code).toBe(1);
    expect(stderr.trim().length).toBeGreaterThan(10);
    expect((await edge.server.run("rules", "list", "--json")).stdout).toBe(before.stdout);
  });

  test("that end in the past are refused", async () => {
    const { code } = await add(
      "--subject",
      "ann",
      "--rule",
      '{"sub":"ann"}',
      "--expire-at",
      String(nowSeconds() - 1),
    );
    expect(code).toBe(1);
  });
});
