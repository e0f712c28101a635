/** Leases in the shared store: granted only where they would be known afterwards, and waited for in every history. */
import { describe, expect, test } from "bun:test";
import { isAppliedEverywhere } from "../../src/core/cluster/node-standing.ts";
import { createNodes, type NodeIdentity } from "../../src/postgres/nodes.ts";
import { codeOf } from "../sqlite/refusal.ts";
import { usePostgres } from "./fixture.ts";

const LEASE_MS = 30_000;
const TRUST_MS = 4000;

function nodeOf(name: string): NodeIdentity {
  return {
    id: crypto.randomUUID(),
    name,
    version: "1",
    isStrict: true,
    startedAtMs: 0,
    leaseMs: LEASE_MS,
  };
}

describe("a lease from the shared store", () => {
  const { open, openAgain, server } = usePostgres();

  /** Renews as a node does that has applied, and confirmed, whatever the journal holds. */
  async function renew(store: Awaited<ReturnType<typeof open>>, node: NodeIdentity) {
    return createNodes(store.database, true).renew(node, async ({ epoch, seq }) => ({
      epoch,
      appliedSeq: seq,
      confirmedSeq: seq,
      verifiers: [],
      trustMs: TRUST_MS,
    }));
  }

  test("is granted, and lets a change be confirmed", async () => {
    const store = await open();
    expect(await renew(store, nodeOf("a"))).toBe(true);
    const roll = await createNodes(store.database, true).roll();
    expect(roll.nodes.map(({ name }) => name)).toEqual(["a"]);
    expect(isAppliedEverywhere(roll, roll.seq)).toBe(true);
  });

  test("is refused where the server does not keep what it confirms", async () => {
    const store = await open();
    const node = nodeOf("a");
    await server().sql("ALTER ROLE jwt SET synchronous_commit = 'local'");
    try {
      const told = await openAgainUnchecked();
      expect(await codeOf(renew(told, node))).toBe("unavailable");
      expect((await createNodes(store.database, true).roll()).nodes).toEqual([]);
    } finally {
      await server().sql("ALTER ROLE jwt RESET synchronous_commit");
    }
    expect(await renew(await openAgain(), node)).toBe(true);
  });

  test("is refused where no standby is named and none was said to be", async () => {
    const store = await open();
    const nodes = createNodes(store.database, false);
    const never = nodes.renew(nodeOf("a"), () => Promise.reject(new Error("too far")));
    expect(await codeOf(never)).toBe("unavailable");
  });

  test("of a copy of the store is waited for, though the server's history is the same", async () => {
    const store = await open();
    const nodes = createNodes(store.database, true);
    await renew(store, nodeOf("a"));
    // As a dump that was restored: what was granted since it was made is not in it.
    await server().sql("UPDATE haproxy_jwt.store SET id = gen_random_uuid()");
    await server().sql("DELETE FROM haproxy_jwt.node");
    const before = await nodes.roll();
    expect(isAppliedEverywhere(before, before.seq)).toBe(false);
    await renew(store, nodeOf("b"));
    const after = await nodes.roll();
    expect(after.nodes.map(({ name }) => name)).toEqual(["b"]);
    expect(isAppliedEverywhere(after, after.seq)).toBe(false);
    const later = { ...after, nowMs: after.nowMs + (LEASE_MS + TRUST_MS) * 1.01 + 1000 };
    expect(isAppliedEverywhere(later, later.seq)).toBe(true);
  });

  test("takes back nothing that was reported as confirmed since it was asked for", async () => {
    const store = await open();
    const nodes = createNodes(store.database, true);
    const node = nodeOf("a");
    const told = { appliedSeq: 0, verifiers: [], trustMs: TRUST_MS };
    const confirmedAfter = async (confirmedSeq: number, reportedSeq?: number) => {
      const isGranted = await nodes.renew(node, async ({ epoch, seq }) => {
        const later = { ...told, epoch, appliedSeq: seq, confirmedSeq: reportedSeq ?? 0 };
        if (reportedSeq !== undefined) await nodes.report(node.id, later);
        return { ...told, epoch, appliedSeq: seq, confirmedSeq };
      });
      const { nodes: listed } = await nodes.roll();
      return [isGranted, listed[0]?.confirmedSeq];
    };
    expect(await confirmedAfter(8)).toEqual([true, 8]);
    expect(await confirmedAfter(9, 10)).toEqual([true, 10]);
    expect(await confirmedAfter(11)).toEqual([true, 11]);
    // In another history the numbers are other changes'.
    await server().sql("UPDATE haproxy_jwt.store SET id = gen_random_uuid()");
    expect(await confirmedAfter(-1)).toEqual([true, -1]);
  });

  test("is read under the lock as of then, whatever the server's usual isolation is", async () => {
    await open();
    await server().sql("ALTER ROLE jwt SET default_transaction_isolation = 'repeatable read'");
    try {
      const told = await openAgain();
      const shown = await told.database.transaction(
        (sql) => sql<{ transaction_isolation: string }[]>`SHOW transaction_isolation`,
      );
      expect(shown[0]?.transaction_isolation).toBe("read committed");
    } finally {
      await server().sql("ALTER ROLE jwt RESET default_transaction_isolation");
    }
  });

  /** A store that was found good when it was opened, before its server's settings were changed. */
  async function openAgainUnchecked() {
    const { createDatabase } = await import("../../src/postgres/database.ts");
    return { database: createDatabase({ endpoints: [server().url] }) } as Awaited<
      ReturnType<typeof open>
    >;
  }
});
