/**
 * No accept after the acknowledgement (P4): clients hammer, an operator revokes, one clock judges, while
 * everything between HAProxy and server breaks. In full: a million requests and a thousand revocations.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { beginBody } from "../../helpers/held-request.ts";
import type { Program } from "../../helpers/program.ts";
import { type Checker, startChecker } from "../../helpers/revocation-checker.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const IS_FULL = process.env["FULL"] !== undefined;
const STEADY_REVOCATIONS = IS_FULL ? 900 : 60;
const STEADY_REQUESTS = IS_FULL ? 1_000_000 : 6000;
const ROUNDS = IS_FULL ? 10 : 1;
/** Longer than a lease, its rounding and the clocks' drift. */
const PAST_LEASE_MS = 6000;

describe.each([
  { name: "two threads of HAProxy, one judging thread", threads: 2, workers: "1" },
  { name: "one thread of HAProxy, two judging threads", threads: 1, workers: "2" },
])("with $name", ({ threads, workers }) => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  let checker: Checker;

  beforeAll(async () => {
    edge = await startEdge(stack, {
      withCable: true,
      serverEnv: { JWT_WORKERS: workers, JWT_LOG_LEVEL: "warn" },
      threads,
    });
    checker = await startChecker(stack, edge, { clients: 8, pauseMs: 1 });
  });
  afterAll(async () => {
    await checker.stop();
    const report = checker.report();
    const sorted = report.acknowledgedMs.toSorted((a, b) => a - b);
    const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
    process.stdout.write(
      `P4: ${report.requests} requests, ${report.revocations} acknowledged (p50 ${at(0.5)} ms, ` +
        `p99 ${at(0.99)} ms), ${report.unconfirmed} not confirmed, ${report.violations.length} violations, ` +
        `longest staleness ${Math.round(report.longestStalenessMs)} ms\n`,
    );
    await stack.disposeAsync();
  });

  const expectNoViolation = () => {
    const { violations, accepted, mixedUp } = checker.report();
    expect(violations).toEqual([]);
    expect(mixedUp).toBe(0);
    expect(accepted).toBeGreaterThan(0);
  };

  test("in steady state", async () => {
    await checker.revoke(STEADY_REVOCATIONS, 20);
    await checker.waitForRequests(STEADY_REQUESTS);
    expectNoViolation();
  }, 1_800_000);

  /** Breaks something, lets it be broken for longer than a lease, mends it, and looks whether all is well again. */
  const during = async (fault: () => Promise<void>, mend: () => Promise<void>, ms: number) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const operator = checker.keepRevoking(10);
      await fault();
      const until = performance.now() + ms;
      await waitFor("the fault to last", () => performance.now() > until, ms + 5000);
      await mend();
      await operator.stop();
      await checker.revoke(3, 30);
      expectNoViolation();
    }
  };
  const cable = (mode: Parameters<NonNullable<Edge["cable"]>["set"]>[0]) => async () => {
    await edge.cable?.set(mode);
  };

  test("while the cable is black-holed for longer than a lease", async () => {
    await during(cable({ kind: "block" }), cable({ kind: "pass" }), PAST_LEASE_MS);
  }, 600_000);

  test("while the cable is cut and put back", async () => {
    await during(cable({ kind: "refuse" }), cable({ kind: "pass" }), 1500);
  }, 600_000);

  test("while answers come late", async () => {
    await during(cable({ kind: "slow", delayMs: 300 }), cable({ kind: "pass" }), 3000);
  }, 600_000);

  test("while answers come later than a lease", async () => {
    await during(cable({ kind: "slow", delayMs: 4500 }), cable({ kind: "pass" }), PAST_LEASE_MS);
  }, 600_000);

  test("while the server is killed and started", async () => {
    await during(
      () => edge.server.kill(),
      () => edge.server.start(),
      500,
    );
  }, 600_000);

  test("while HAProxy is stopped and goes on", async () => {
    const { pause, resume } = pausing(() => edge.haproxy.program());
    await during(pause, resume, PAST_LEASE_MS);
  }, 600_000);

  test("while the server is stopped and goes on", async () => {
    const { pause, resume } = pausing(() => edge.server.program());
    await during(pause, resume, PAST_LEASE_MS);
  }, 600_000);

  test("while HAProxy is reloaded, its old process lingering", async () => {
    let old: Program | undefined;
    let held: Awaited<ReturnType<typeof beginBody>> | undefined;
    const reload = async () => {
      old = edge.haproxy.program();
      held = await beginBody(edge.haproxy.port);
      await edge.haproxy.reload();
    };
    const letGo = async () => {
      expect(old?.isRunning()).toBe(true);
      expect((await held?.finish())?.status).toBe(200);
    };
    await during(reload, letGo, 500);
    await waitFor("the old process to end", () => old?.isRunning() === false);
  }, 600_000);
});

function pausing(program: () => Program) {
  return {
    pause: async () => program().signal("SIGSTOP"),
    resume: async () => program().signal("SIGCONT"),
  };
}
