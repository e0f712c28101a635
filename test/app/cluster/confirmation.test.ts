/** When a change is said to be enforced on all machines: by the history it was written in, and by no other. */
import { describe, expect, test } from "bun:test";
import { ClusterConfirmation } from "../../../src/app/cluster/confirmation.ts";
import type { NodeRecord, Roll } from "../../../src/core/cluster/node-standing.ts";
import type { Database } from "../../../src/postgres/database.ts";
import type { Nodes } from "../../../src/postgres/nodes.ts";

const NODE: NodeRecord = {
  id: "5d3c0a2e-0000-4000-8000-000000000001",
  name: "edge-1",
  version: "1",
  isStrict: true,
  startedAtMs: 0,
  renewedAtMs: 0,
  leaseUntilMs: 30_000,
  trustMs: 4000,
  epoch: "present",
  appliedSeq: 7,
  confirmedSeq: 7,
  verifiers: [],
};
const ROLL: Roll = { nowMs: 1000, epoch: "present", seq: 7, quietUntilMs: 0, nodes: [NODE] };

/** Asks once: the time is up at the first look. */
async function isApplied(epoch: string | undefined, roll: Roll = ROLL): Promise<boolean> {
  const confirmation = new ClusterConfirmation({
    database: { listen: async () => ({ stop: async () => undefined }) } as unknown as Database,
    nodes: { roll: async () => roll } as unknown as Nodes,
    nodeId: NODE.id,
    verifiers: () => [],
    monotonicMs: () => 0,
    nowMs: () => 0,
  });
  return (await confirmation.waitApplied(7, 0, epoch)).applied;
}

describe("a change on several machines", () => {
  test("is confirmed in the history that it was written in", async () => {
    expect(await isApplied("present")).toBe(true);
    expect(await isApplied("present", { ...ROLL, nodes: [{ ...NODE, confirmedSeq: 6 }] })).toBe(
      false,
    );
  });

  test.each([
    ["of a former history", "former"],
    ["of none that is known", undefined],
  ])("is not taken for the one of that number %s", async (_, epoch) => {
    expect(await isApplied(epoch)).toBe(false);
  });
});
