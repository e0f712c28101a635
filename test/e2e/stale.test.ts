import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { identityOf } from "../helpers/answer.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { mint } from "../helpers/mint.ts";
import { settledDetails } from "../helpers/settled.ts";
import { claims, createKeys, nowSeconds } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

const keys = createKeys();
const STALE_SECONDS = 3;

describe("JWT_STALE=best-effort, with the server away", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  const known = mint(keys.rs, claims());
  beforeAll(async () => {
    edge = await startEdge(stack, {
      keys,
      serverEnv: { JWT_CLOCK_SKEW: "0" },
      haproxyEnv: { JWT_CACHE_TTL: "1", JWT_STALE: `best-effort:${STALE_SECONDS}` },
      withCable: true,
      // Each thread knows tokens and outages of its own.
      threads: 1,
    });
    await remember(known);
    await edge.server.kill();
  });
  afterAll(() => stack.disposeAsync());

  /** Asks until the verdict is remembered: that takes a lease, and a lease some moments. */
  const remember = (token: string) =>
    waitFor("the verdict to be remembered", async () => {
      const asked = edge.cable?.questions();
      expectValid(await edge.ask(token));
      return edge.cable?.questions() === asked;
    });

  test("lets known tokens on, and says so, for the seconds allowed and no longer", async () => {
    const killedAt = performance.now();
    await waitFor(
      "a stale verdict",
      async () => identityOf(await edge.ask(known)).detail === "stale",
      2500,
    );
    const identity = identityOf(await edge.ask(known));
    expect([identity.valid, identity.reason]).toEqual(["1", "ok"]);
    expect(identity.body).toBeDefined();
    const left = killedAt + (STALE_SECONDS + 1) * 1000 - performance.now();
    expect(await settledDetails(edge, known, Math.max(0, left) + 1000)).toEqual(["unavailable"]);
  }, 20_000);

  test("lets no unknown token in", async () => {
    expectRefused(await edge.ask(mint(keys.rs, claims())), { detail: "unavailable" });
  });

  test("is over when the server is back", async () => {
    await edge.server.start();
    await waitFor("valid tokens", async () => expectValid(await edge.ask(known)), 2500);
    expect(identityOf(await edge.ask(known)).detail).toBeUndefined();
  });

  test("lets no expired token in meanwhile", async () => {
    const exp = nowSeconds() + 3;
    const token = mint(keys.rs, claims({ exp }));
    await remember(token);
    await edge.server.kill();
    for (;;) {
      const sentAt = Date.now() / 1000 - 0.05;
      const { valid } = identityOf(await edge.ask(token));
      if (sentAt >= exp) expect(valid).toBe("0");
      if (sentAt >= exp + 1) break;
    }
    await edge.server.start();
  });
});

describe("JWT_STALE=best-effort without the verifier key", () => {
  const stack = new AsyncDisposableStack();
  const IDLE = "JWT_STALE: best-effort does nothing without the verifier key";
  const timesSaid = async (haproxyEnv: Readonly<Record<string, string>>) => {
    const edge = await startEdge(stack, { keys, haproxyEnv, threads: 2 });
    expectValid(await edge.ask(mint(keys.rs, claims())));
    return edge.haproxy.program().output().split(IDLE).length - 1;
  };
  afterAll(() => stack.disposeAsync());

  test("is said in HAProxy's log once, and refuses nothing", async () => {
    expect(await timesSaid({ JWT_STALE: "best-effort:60", JWT_VERIFIER_KEY: "" })).toBe(1);
  });

  test("is not said where there is a key, or nothing to say", async () => {
    expect(await timesSaid({ JWT_STALE: "best-effort:60" })).toBe(0);
    expect(await timesSaid({ JWT_VERIFIER_KEY: "" })).toBe(0);
  });
});
