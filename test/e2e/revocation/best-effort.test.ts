/**
 * `JWT_STALE=best-effort` and revocation: who goes on without a server declares it, is listed as not confirmed while he
 * may, and is waited for until he may no longer. A strict verifier beside him is the control.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { identityOf } from "../../helpers/answer.ts";
import { confirm, type Confirmed } from "../../helpers/confirmed.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { remember } from "../../helpers/known.ts";
import { mint } from "../../helpers/mint.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const STALE_SECONDS = 5;
const tokenOf = (name: string) => mint(keys.rs, claims({ sub: name, username: name }));

describe("a verifier in best effort", () => {
  const stack = new AsyncDisposableStack();
  let bestEffort: Edge;
  let strict: Edge;
  beforeAll(async () => {
    const front = { threads: 1, withCable: true };
    strict = await startEdge(stack, { keys, ...front });
    bestEffort = await strict.beside({
      ...front,
      haproxyEnv: { JWT_STALE: `best-effort:${STALE_SECONDS}` },
    });
    // The first confirmation waits for whoever may have been there before the server.
    await confirm(strict.server, ["revoke", "block", "nobody"]);
  });
  afterAll(() => stack.disposeAsync());

  const statesOf = ({ verifiers }: Confirmed) =>
    [bestEffort, strict].map((edge) => {
      const { pid } = edge.haproxy.program();
      return verifiers.find(({ name }) => name.includes(`/${pid}/`))?.state;
    });
  const rememberAt = (token: string) =>
    Promise.all([bestEffort, strict].map((edge) => remember(edge, token)));

  test("confirms like a strict one while it hears the server", async () => {
    const token = tokenOf("first");
    await rememberAt(token);
    const confirmed = await confirm(strict.server, ["revoke", "block", "first"]);
    expect([confirmed.applied, statesOf(confirmed)]).toEqual([true, ["applied", "applied"]]);
    for (const edge of [bestEffort, strict]) {
      expectRefused(await edge.ask(token), { detail: "revoked" });
    }
  });

  test("is listed as not confirmed while it lets a revoked token on, and then waited for", async () => {
    const [token, other] = [tokenOf("second"), tokenOf("other")];
    await rememberAt(token);
    await rememberAt(other);
    await bestEffort.cable?.set({ kind: "refuse" });
    await waitFor(
      "a stale verdict",
      async () => identityOf(await bestEffort.ask(token)).detail === "stale",
    );
    const early = await confirm(strict.server, ["revoke", "block", "second"], 1);
    expect(identityOf(await bestEffort.ask(token))).toMatchObject({ valid: "1", detail: "stale" });
    expect(early.applied).toBe(false);
    expect(early.pending?.map(({ state }) => state)).toEqual(["unconfirmed"]);
    expect(statesOf(early)).toEqual(["unconfirmed", "applied"]);

    const late = await confirm(strict.server, ["revoke", "block", "second"]);
    expectRefused(await bestEffort.ask(token), { detail: "unavailable" }, token);
    expect([late.applied, statesOf(late)]).toEqual([true, ["fenced", "applied"]]);
    expectRefused(await strict.ask(token), { detail: "revoked" });
    expectValid(await strict.ask(other));

    await bestEffort.cable?.set({ kind: "pass" });
    await waitFor("it to hear the server", async () => expectValid(await bestEffort.ask(other)));
    expectRefused(await bestEffort.ask(token), { detail: "revoked" });
  });

  test("differs from a strict one that hears nothing, which accepts nothing either", async () => {
    const token = tokenOf("third");
    await rememberAt(token);
    await strict.cable?.set({ kind: "refuse" });
    const early = await confirm(strict.server, ["revoke", "block", "third"], 0);
    expect(early.applied).toBe(false);
    expect(statesOf(early)[1]).toBe("pending");
    const late = await confirm(strict.server, ["revoke", "block", "third"]);
    expectRefused(await strict.ask(token), { detail: "unavailable" }, token);
    expect([late.applied, statesOf(late)]).toEqual([true, ["applied", "fenced"]]);
    await strict.cable?.set({ kind: "pass" });
  });
});
