/** Clocks that somebody sets while everything runs (P7, P4): only what the clocks say is valid, and nothing comes back. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { identityOf } from "../../helpers/answer.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { mint } from "../../helpers/mint.ts";
import { startChecker } from "../../helpers/revocation-checker.ts";
import { createSettableClock, type SettableClock } from "../../helpers/settable-clock.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createKeys, nowSeconds } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const HOUR = 3600;
const YEARS = 10 * 365 * 86_400;
const LEASE_MS = 4000;
/** How long the server waits for a verifier that keeps silent. */
const FENCE_MS = LEASE_MS + 1000;
/** The server looks at its clock once a second, and everybody is told. */
const NOTICED_MS = 2500;
const IS_FULL = process.env["FULL"] !== undefined;
const CHECKED_STEPS = IS_FULL ? 300 : 16;

/** A token that all clocks of these tests take for good, unless `more` says otherwise. */
function lasting(user: string, more: Readonly<Record<string, unknown>> = {}): string {
  const now = nowSeconds();
  const times = { iat: now - 2 * YEARS, exp: now + 2 * YEARS };
  return mint(keys.rs, claims({ sub: user, username: user, ...times, ...more }));
}

/** What each token is by the clock of the judge, which is the server's. */
function tokensOf(tag: string) {
  const now = nowSeconds();
  const [ends, begins] = [now + HOUR / 2, now + HOUR / 2];
  return {
    ends: { token: lasting("ann", { exp: ends }), isGood: (at: number) => at < ends },
    ended: { token: lasting("ann", { exp: now - 60 }), isGood: (at: number) => at < now - 60 },
    begins: { token: lasting("ann", { nbf: begins }), isGood: (at: number) => at >= begins },
    lasts: { token: lasting("ann"), isGood: () => true },
    revoked: { token: lasting(`mallory-${tag}`), isGood: () => false },
    // Its rule ends in half an hour.
    barred: { token: lasting(`tom-${tag}`), isGood: (at: number) => at >= begins },
  };
}
type Tokens = ReturnType<typeof tokensOf>;

interface Stage {
  readonly edge: Edge;
  readonly haproxy: SettableClock;
  readonly server: SettableClock;
}

async function startStage(stack: AsyncDisposableStack, threads: number): Promise<Stage> {
  const folder = createTempFolder(stack);
  const haproxy = createSettableClock(folder, "haproxy");
  const server = createSettableClock(folder, "server");
  const edge = await startEdge(stack, {
    keys,
    withCable: true,
    threads,
    serverEnv: server.env,
    haproxyEnv: haproxy.env,
  });
  return { edge, haproxy, server };
}

/** Asks until the verdict is remembered. */
function remember(edge: Edge, token: string): Promise<unknown> {
  return waitFor("the verdict to be remembered", async () => {
    const asked = edge.cable?.questions();
    expectValid(await edge.ask(token));
    return edge.cable?.questions() === asked;
  });
}

interface Step {
  readonly name: string;
  readonly seconds: number;
  readonly whose: readonly ("haproxy" | "server")[];
}

const STEPS: readonly Step[] = [
  { name: "both clocks an hour forward", seconds: HOUR, whose: ["haproxy", "server"] },
  { name: "both clocks ten years back", seconds: -YEARS, whose: ["haproxy", "server"] },
  { name: "HAProxy's clock an hour back", seconds: -HOUR, whose: ["haproxy"] },
  { name: "the server's clock ten years forward", seconds: YEARS, whose: ["server"] },
];
const MORE_STEPS: readonly Step[] = [
  { name: "both clocks an hour back", seconds: -HOUR, whose: ["haproxy", "server"] },
  { name: "both clocks ten years forward", seconds: YEARS, whose: ["haproxy", "server"] },
  { name: "HAProxy's clock ten years forward", seconds: YEARS, whose: ["haproxy"] },
  { name: "the server's clock an hour back", seconds: -HOUR, whose: ["server"] },
];

describe("setting", () => {
  const stack = new AsyncDisposableStack();
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(stack, 1);
  });
  afterAll(() => stack.disposeAsync());

  const revoke = async (tag: string) => {
    const { run } = stage.edge.server;
    const reason = ["--reason", "the clock's test"];
    const block = await run("revoke", "block", `mallory-${tag}`, "--wait", ...reason);
    expect([block.code, block.stderr]).toEqual([0, ""]);
    const bar = ["--subject", `tom-${tag}`, "--rule", '{"sub":{"exists":true}}'];
    const until = ["--expire-at", String(nowSeconds() + HOUR / 2), "--wait"];
    expect((await run("rules", "add", ...bar, ...until, ...reason)).code).toBe(0);
  };

  const validOnes = async (tokens: Tokens): Promise<string[]> => {
    const names: string[] = [];
    for (const [name, { token }] of Object.entries(tokens)) {
      if (identityOf(await stage.edge.ask(token)).valid === "1") names.push(name);
    }
    return names;
  };
  const goodOnes = (tokens: Tokens): string[] =>
    Object.entries(tokens)
      .filter(([, { isGood }]) => isGood(stage.server.now()))
      .map(([name]) => name);

  /** Sets clocks, and holds every answer from the very first against what must not be, and soon against what must. */
  const setAndSee = async (tokens: Tokens, step: Step, seconds: number) => {
    for (const one of step.whose) stage[one].set(seconds);
    const setAt = performance.now();
    const isForwardForHaproxy = seconds > 0 && step.whose.includes("haproxy");
    await waitFor(
      "the clocks' time to be the one that counts",
      async () => {
        const valid = await validOnes(tokens);
        // Revoked stays revoked, and what has ended by both clocks is over with the first request.
        expect(valid).not.toContain("revoked");
        if (isForwardForHaproxy && step.whose.length === 2) {
          expect(valid).not.toContain("ends");
          expect(valid).not.toContain("ended");
        }
        return Bun.deepEquals(valid, goodOnes(tokens));
      },
      NOTICED_MS,
    );
    // Well again: it remembers what is good, and stays with what it says.
    for (const { token, isGood } of Object.values(tokens)) {
      const isGoodForHaproxy = isGood(stage.haproxy.now());
      if (isGood(stage.server.now()) && isGoodForHaproxy) await remember(stage.edge, token);
    }
    const until = setAt + NOTICED_MS;
    do expect(await validOnes(tokens)).toEqual(goodOnes(tokens));
    while (performance.now() < until);
  };

  test.each([...STEPS, ...(IS_FULL ? MORE_STEPS : [])])(
    "$name and back brings nothing back, and all is well in seconds",
    async (step) => {
      const tag = crypto.randomUUID();
      await revoke(tag);
      const tokens = tokensOf(tag);
      for (const one of ["ends", "lasts"] as const) await remember(stage.edge, tokens[one].token);
      for (const one of ["ended", "begins", "revoked", "barred"] as const) {
        expectRefused(await stage.edge.ask(tokens[one].token));
      }
      await setAndSee(tokens, step, step.seconds);
      await setAndSee(tokens, step, 0);
      expect(goodOnes(tokens)).toEqual(["ends", "lasts"]);
      expect(await stage.edge.server.isReady()).toBe(true);
    },
    40_000,
  );
});

describe("a lease", () => {
  const stack = new AsyncDisposableStack();
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage(stack, 1);
  });
  afterAll(() => stack.disposeAsync());

  /** Cuts the server off, runs `meanwhile` all the time and says for how long a remembered verdict was still used. */
  const usedForMs = async (meanwhile: (ms: number) => void): Promise<number> => {
    const token = lasting("ann");
    stage.haproxy.set(0);
    await remember(stage.edge, token);
    await stage.edge.cable?.set({ kind: "block" });
    const cutAt = performance.now();
    let lastUsedAt = cutAt;
    while (performance.now() < cutAt + FENCE_MS + 500) {
      meanwhile(performance.now() - cutAt);
      const sentAt = performance.now();
      if (identityOf(await stage.edge.ask(token)).valid === "1") lastUsedAt = sentAt;
    }
    await stage.edge.cable?.set({ kind: "pass" });
    return lastUsedAt - cutAt;
  };

  test("lives on for a while when the server is cut off, which is what the others are held against", async () => {
    const used = await usedForMs(() => {});
    expect(used).toBeGreaterThan(500);
    expect(used).toBeLessThan(LEASE_MS);
  }, 20_000);

  test("outlives no fence because the wall clock is set back by little, unnoticed", async () => {
    const used = await usedForMs((ms) => stage.haproxy.set(-0.4 * Math.floor(ms / 400)));
    expect(used).toBeLessThan(FENCE_MS);
  }, 20_000);

  test("does not live longer because the wall clock is set back again and again", async () => {
    const used = await usedForMs((ms) => stage.haproxy.set(-HOUR * Math.ceil(ms / 300)));
    expect(used).toBeLessThan(LEASE_MS);
  }, 20_000);

  test("is over when the wall clock is set forward past its end", async () => {
    expect(await usedForMs(() => stage.haproxy.set(HOUR))).toBeLessThan(100);
  }, 20_000);

  test("comes back within seconds", async () => {
    stage.haproxy.set(0);
    await remember(stage.edge, lasting("ann"));
  });
});

describe("revoking while clocks are set forward and back", () => {
  const stack = new AsyncDisposableStack();
  afterAll(() => stack.disposeAsync());

  test("lets nothing pass after the acknowledgement", async () => {
    const { edge, haproxy, server } = await startStage(stack, 2);
    const checker = await startChecker(stack, edge, { clients: 6, pauseMs: 1 });
    const operator = checker.keepRevoking(10);
    // The checker's tokens last an hour: most of these steps leave them good.
    const offsets = [50 * 60, 0, 20 * 60, 0, -YEARS, 0, 40 * 60, 0, YEARS, 0];
    const clocks = [[haproxy, server], [haproxy], [server]] as const;
    for (let n = 0; n < CHECKED_STEPS; n++) {
      const offset = offsets[n % offsets.length] ?? 0;
      const chosen = clocks[Math.floor(n / 2) % clocks.length] ?? [];
      for (const clock of chosen) clock.set(offset);
      await checker.waitForRequests(150);
    }
    for (const clock of [haproxy, server]) clock.set(0);
    await operator.stop();
    await checker.revoke(5, 30);
    await checker.stop();
    const { violations, accepted, revocations, requests, longestStalenessMs } = checker.report();
    process.stdout.write(
      `clock steps: ${CHECKED_STEPS} steps, ${requests} requests (${accepted} accepted), ${revocations} acknowledged, ` +
        `${violations.length} violations, longest staleness ${Math.round(longestStalenessMs)} ms\n`,
    );
    expect(violations).toEqual([]);
    expect(accepted).toBeGreaterThan(requests / 10);
  }, 600_000);
});
