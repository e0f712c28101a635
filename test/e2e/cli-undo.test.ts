/** Undo through the whole path: what a lifted rule refused passes again, at once and on every thread. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { mint } from "../helpers/mint.ts";
import { claims } from "../helpers/tokens.ts";
import { parseOutput } from "../helpers/command-line.ts";

/** Enough to reach both threads, each with its own memory. */
const ROUNDS = 20;

describe("a lifted rule", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack);
    // Nothing is confirmed in the first seconds of a server's life.
    const first = await edge.server.run(
      "revoke",
      "user",
      "nobody",
      "--reason",
      "r",
      "--timeout",
      "30",
    );
    expect(first.code).toBe(0);
  });
  afterAll(() => stack.disposeAsync());

  for (const intent of ["user", "block"]) {
    test(`no longer refuses once lifting it has been confirmed (revoke ${intent})`, async () => {
      const name = `ann-${intent}`;
      const token = mint(edge.keys.rs, claims({ sub: name, username: name }));
      for (let round = 0; round < ROUNDS; round += 1) expectValid(await edge.ask(token));
      const revoked = await edge.server.run(
        "revoke",
        intent,
        name,
        "--reason",
        "r",
        "--wait",
        "--json",
      );
      expect(revoked.code).toBe(0);
      // Asked often, so that every thread remembers the refusal.
      for (let round = 0; round < ROUNDS; round += 1) {
        expectRefused(await edge.ask(token), { reason: "E_TKN_INVALID", detail: "revoked" });
      }
      const id = String(parseOutput(revoked)["id"]);
      const lifted = await edge.server.run(
        "rules",
        "lift",
        id,
        "--reason",
        "undo",
        "--wait",
        "--json",
      );
      expect(lifted.code).toBe(0);
      expect(parseOutput(lifted)).toMatchObject({ applied: true });
      for (let round = 0; round < ROUNDS; round += 1) expectValid(await edge.ask(token));
    });
  }
});
