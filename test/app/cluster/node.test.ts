/** When a machine judges by its replica: only as one of those that a confirmation waits for, or says it cannot. */
import { afterAll, describe, expect, test } from "bun:test";
import type { Follower } from "../../../src/app/cluster/follower.ts";
import { ClusterNode } from "../../../src/app/cluster/node.ts";
import type { VerifierRegistry } from "../../../src/core/feed/verifier-registry.ts";
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
    const follower = {
      hear: () => {},
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
      report: () => Promise.resolve(),
      release: () => Promise.resolve(),
    } as unknown as Nodes;
    const registry = {
      verifiers: () => [],
      confirmedSeq: (seq: number) => seq,
      waitApplied: () => new Promise(() => {}),
    } as unknown as VerifierRegistry;
    const node = new ClusterNode({
      identity: { id: "n", name: "n", version: "1", isStrict, startedAtMs: 0, leaseMs: 30_000 },
      nodes,
      follower,
      monotonicMs: () => clock.ms,
      nowMs: () => clock.ms,
      onLease: () => {},
    });
    started.push(node);
    return { node, clock, reports, registry };
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
});
