/**
 * No accept after the acknowledgement (P4, P14) over several machines: clients hammer every HAProxy,
 * revocations are asked of any machine, one clock judges, while machines and PostgreSQL break.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ClusterNode, startCluster, type TestCluster } from "../../helpers/cluster.ts";
import { type Checker, startChecker } from "../../helpers/revocation-checker.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const IS_FULL = process.env["FULL"] !== undefined;
const STEADY_REVOCATIONS = IS_FULL ? 300 : 30;
const ROUNDS = IS_FULL ? 5 : 1;
const LEASE_SECONDS = 5;
/** A lease, its drift and margin, and what verifiers may trust beyond it. */
const PAST_LEASE_MS = 12_000;
const PATIENCE_SECONDS = 30;

describe("over three machines on one PostgreSQL", () => {
  const stack = new AsyncDisposableStack();
  let cluster: TestCluster;
  let checker: Checker;

  beforeAll(async () => {
    cluster = await startCluster(stack, { nodes: 3, leaseSeconds: LEASE_SECONDS });
    const [first, ...others] = cluster.nodes.map(({ edge }) => edge);
    if (first === undefined) throw new TypeError("there is no machine");
    checker = await startChecker(stack, first, { clients: 2, pauseMs: 2, others });
  }, 120_000);
  afterAll(async () => {
    await checker.stop();
    const report = checker.report();
    const sorted = report.acknowledgedMs.toSorted((a, b) => a - b);
    const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
    process.stdout.write(
      `P14: ${report.requests} requests, ${report.revocations} acknowledged (p50 ${at(0.5)} ms, ` +
        `p99 ${at(0.99)} ms), ${report.unconfirmed} not confirmed, ${report.violations.length} violations, ` +
        `longest staleness ${Math.round(report.longestStalenessMs)} ms\n`,
    );
    await stack.disposeAsync();
  }, 60_000);

  const nodeAt = (at: number): ClusterNode => {
    const node = cluster.nodes[at];
    if (node === undefined) throw new TypeError(`there is no machine ${at}`);
    return node;
  };
  const expectNoViolation = () => {
    const { violations, accepted, mixedUp } = checker.report();
    expect(violations).toEqual([]);
    expect(mixedUp).toBe(0);
    expect(accepted).toBeGreaterThan(0);
  };
  /** Breaks something, lets it be broken for a while, mends it, and looks whether all is well again. */
  const during = async (fault: () => unknown, mend: () => unknown, ms: number) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const operator = checker.keepRevoking(PATIENCE_SECONDS);
      await fault();
      const until = performance.now() + ms;
      await waitFor("the fault to last", () => performance.now() > until, ms + 5000);
      await mend();
      await operator.stop();
      await checker.revoke(3, PATIENCE_SECONDS);
      expectNoViolation();
    }
  };

  test("in steady state", async () => {
    await checker.revoke(STEADY_REVOCATIONS, PATIENCE_SECONDS);
    await checker.waitForRequests(3000);
    expectNoViolation();
    expect(checker.report().unconfirmed).toBe(0);
  }, 600_000);

  test("while a machine is killed and started", async () => {
    const { server } = nodeAt(1).edge;
    await during(server.kill, () => server.start(), 1000);
  }, 300_000);

  test("while a machine is stopped for longer than its lease and goes on", async () => {
    const { server } = nodeAt(2).edge;
    await during(
      () => server.program().signal("SIGSTOP"),
      () => server.program().signal("SIGCONT"),
      PAST_LEASE_MS,
    );
  }, 300_000);

  test("while a machine is cut off from PostgreSQL for longer than its lease", async () => {
    await during(nodeAt(0).cutOff, nodeAt(0).reconnect, PAST_LEASE_MS);
  }, 300_000);

  test("while PostgreSQL is restarted", async () => {
    await during(cluster.primary.stop, cluster.primary.start, 1000);
  }, 300_000);

  test("while PostgreSQL crashes and its standby takes over", async () => {
    const before = Number(await cluster.primary.sql("SELECT count(*) FROM haproxy_jwt.rule"));
    const operator = checker.keepRevoking(PATIENCE_SECONDS);
    await cluster.primary.kill();
    await cluster.standby.promote();
    // Acknowledged again only once the new primary has a standby of its own.
    await cluster.standby.addStandby("standby_b");
    await cluster.standby.set("synchronous_standby_names = 'standby_b'");
    await waitFor(
      "every machine to judge again",
      async () =>
        (await Promise.all(cluster.nodes.map(({ edge }) => edge.server.isReady()))).every(Boolean),
      60_000,
    );
    await operator.stop();
    await checker.revoke(3, PATIENCE_SECONDS);
    expectNoViolation();
    // What was acknowledged before is there.
    const after = Number(await cluster.standby.sql("SELECT count(*) FROM haproxy_jwt.rule"));
    expect(after).toBeGreaterThanOrEqual(before);
  }, 300_000);
});
