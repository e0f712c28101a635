/** When a machine judges by its replica: only as one of those that a confirmation waits for, or says it cannot. */
import { afterAll, describe, expect, test } from "bun:test";
import type { Follower } from "../../../src/app/cluster/follower.ts";
import { ClusterNode } from "../../../src/app/cluster/node.ts";
import type { VerifierRegistry } from "../../../src/core/feed/verifier-registry.ts";
import { waitFor } from "../../helpers/wait-for.ts";
import type { NodeReport, Nodes } from "../../../src/postgres/nodes.ts";

const HEAD = { seq: 5, epoch: "e", timeline: "1", storeId: "s", noticeKey: "k" };

const away = () => Promise.reject(new Error("away"));

describe("a machine that shares a store", () => {
  const started: ClusterNode[] = [];
  afterAll(async () => {
    for (const node of started) await node.stop();
  });

  /** @param store whether a renewal is answered, and how */
  function create(isStrict: boolean, store: () => Promise<void>) {
    const clock = { ms: 1000 };
    const reports: NodeReport[] = [];
    /** What was reported between renewals. */
    const confirmed: number[] = [];
    const enforced = { seq: HEAD.seq };
    const happen = { change: () => {}, loss: () => {} };
    const follower = {
      hear: ({ onChanges }: { readonly onChanges: () => void }) => {
        happen.change = onChanges;
      },
      poke: () => {},
      reached: () => Promise.resolve(true),
      trouble: undefined,
      replica: { index: { epoch: HEAD.epoch, seq: HEAD.seq } },
    } as unknown as Follower;
    const nodes = {
      renew: async (_: unknown, catchUp: Parameters<Nodes["renew"]>[1]) => {
        const report = await catchUp(HEAD);
        await store();
        if (report !== undefined) reports.push(report);
        return report !== undefined;
      },
      report: async (_: unknown, { confirmedSeq }: NodeReport) => {
        confirmed.push(confirmedSeq);
      },
      release: () => Promise.resolve(),
    } as unknown as Nodes;
    const registry = {
      verifiers: () => [],
      confirmedSeq: () => enforced.seq,
      waitApplied: () => new Promise(() => {}),
    } as unknown as VerifierRegistry;
    const node = new ClusterNode({
      identity: { id: "n", name: "n", version: "1", isStrict, startedAtMs: 0, leaseMs: 30_000 },
      nodes,
      follower,
      monotonicMs: () => clock.ms,
      nowMs: () => clock.ms,
      onLost: (listener) => {
        happen.loss = listener;
      },
      onLease: () => {},
    });
    started.push(node);
    return { node, clock, reports, registry, confirmed, enforced, happen };
  }

  test.each([true, false])("judges nothing before its first lease (strict: %p)", async (strict) => {
    const { node, registry } = create(strict, away);
    node.start(registry);
    await node.renew();
    expect([node.mayJudge(), node.grantMs(4000)]).toEqual([false, 0]);
  });

  test("goes on after its lease only where it is best effort", async () => {
    for (const isStrict of [true, false]) {
      const { node, clock, registry } = create(isStrict, () => Promise.resolve());
      node.start(registry);
      await node.renew();
      expect([node.mayJudge(), node.grantMs(4000)]).toEqual([true, 4000]);
      clock.ms += 60_000;
      expect([node.mayJudge(), node.grantMs(4000)]).toEqual(isStrict ? [false, 0] : [true, 4000]);
    }
  });

  test("puts a longer trust on record, also while the first renewal is under way", async () => {
    const gate = Promise.withResolvers<void>();
    const { node, reports, registry } = create(true, () => gate.promise);
    node.start(registry);
    const recorded = node.recordTrust(304_000);
    gate.resolve();
    await recorded;
    expect(reports.at(-1)?.trustMs).toBe(304_000);
  });

  test("reports once, and again what a renewal that began before has told less of", async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { node, reports, registry, confirmed, enforced, happen } = create(
      true,
      () => (gates.shift() ?? Promise.withResolvers<void>()).promise,
    );
    const [first, second] = gates;
    enforced.seq = 4;
    node.start(registry);
    first?.resolve();
    await waitFor("the first report", () => confirmed.length === 1);
    const renewal = node.renew();
    await waitFor("the renewal to be under way", () => gates.length === 0);
    enforced.seq = 5;
    happen.change();
    await waitFor("the report in between", () => confirmed.length === 2);
    second?.resolve();
    await renewal;
    await waitFor("the report after it", () => confirmed.length === 3);
    expect(reports.map(({ confirmedSeq }) => confirmedSeq)).toEqual([4, 4]);
    expect(confirmed).toEqual([4, 5, 5]);
  });

  test("reports again once a server of the database was given up", async () => {
    const { node, registry, confirmed, happen } = create(true, () => Promise.resolve());
    node.start(registry);
    await waitFor("the first report", () => confirmed.length === 1);
    await node.renew();
    expect(confirmed).toEqual([5]);
    happen.loss();
    await waitFor("another report", () => confirmed.length === 2);
    expect(confirmed).toEqual([5, 5]);
  });
});
