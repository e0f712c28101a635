/** A store that was restored from a backup is a new epoch: verifiers forget all, and its rules are those of the backup. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { confirm } from "../../helpers/confirmed.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { askCounted, remember } from "../../helpers/known.ts";
import { mint } from "../../helpers/mint.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const tokenOf = (name: string) => mint(keys.rs, claims({ sub: name, username: name }));

describe("a store restored from a backup", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  let backup: string;
  const user = {
    known: tokenOf("known"),
    /** Revoked before the backup. */
    left: tokenOf("left"),
    /** Revoked after it. */
    later: tokenOf("later"),
  };
  beforeAll(async () => {
    edge = await startEdge(stack, {
      keys,
      threads: 1,
      withCable: true,
      haproxyEnv: { JWT_CACHE_TTL: "300" },
    });
    await confirm(edge.server, ["revoke", "block", "left"]);
    backup = join(edge.folder, "backup.db");
    expect((await edge.server.run("backup", backup)).code).toBe(0);
    for (const token of [user.known, user.later]) await remember(edge, token);
    expect((await confirm(edge.server, ["revoke", "block", "later"])).applied).toBe(true);
    // Refusals are remembered too.
    for (const token of [user.left, user.later]) {
      expectRefused(await edge.ask(token), { detail: "revoked" });
    }
  });
  afterAll(() => stack.disposeAsync());

  /** Starts the server again; returns once the verifier has a lease, by which known verdicts count. */
  const start = async () => {
    await edge.server.start();
    await remember(edge, tokenOf("somebody else"));
  };

  test("is told from a server that has only been away: then all is known still", async () => {
    await edge.server.stop();
    await start();
    const { answer, questions } = await askCounted(edge, user.known);
    expectValid(answer);
    expect(questions).toBe(0);
    expectRefused(await edge.ask(user.later), { detail: "revoked" });
  });

  test("empties the verifier's cache, and judges by the rules of the backup", async () => {
    await edge.server.stop();
    const restored = await edge.server.run("restore", backup);
    expect([restored.code, restored.stderr]).toEqual([0, ""]);
    await start();
    const { answer, questions } = await askCounted(edge, user.known);
    expectValid(answer);
    expect(questions).toBe(1);
    expectValid(await edge.ask(user.later));
    expectRefused(await edge.ask(user.left), { detail: "revoked" });
  });

  test("takes revocations, which are confirmed as before", async () => {
    for (const token of [user.known, user.later]) await remember(edge, token);
    expect((await confirm(edge.server, ["revoke", "block", "later"])).applied).toBe(true);
    expectRefused(await edge.ask(user.later), { detail: "revoked" });
    expect((await askCounted(edge, user.known)).questions).toBe(0);
  });
});
