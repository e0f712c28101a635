/** A checker that cannot fail proves nothing: over machines too it must find what the roll prevents. */
import { afterAll, describe, expect, test } from "bun:test";
import { startCluster } from "../../helpers/cluster.ts";
import { startChecker } from "../../helpers/revocation-checker.ts";
import { waitFor } from "../../helpers/wait-for.ts";

describe("the checker itself, over two machines", () => {
  const stack = new AsyncDisposableStack();
  afterAll(() => stack.disposeAsync());

  test("finds violations where a machine that goes on judging is taken off the roll", async () => {
    const { nodes } = await startCluster(stack, {
      nodes: 2,
      leaseSeconds: 5,
      stale: "best-effort",
    });
    const [cut, other] = nodes;
    if (cut === undefined || other === undefined) throw new TypeError("a machine is missing");
    const options = { clients: 2, pauseMs: 2, others: [cut.edge] };
    const checker = await startChecker(stack, other.edge, options);
    await checker.revoke(5, 20);
    expect(checker.report().violations).toEqual([]);
    await cut.cutOff();
    const listed = await other.edge.server.run("nodes", "list", "--json");
    const { items } = JSON.parse(listed.stdout) as { items: { id: string; isThis: boolean }[] };
    const id = items.find(({ isThis }) => !isThis)?.id ?? "";
    const forget = ["nodes", "forget", id, "--reason", "a mistake"] as const;
    expect((await other.edge.server.run(...forget)).code).toBe(0);
    await checker.revoke(1, 20);
    await waitFor("a violation", () => checker.report().violations.length > 0, 20_000);
    await checker.stop();
  }, 120_000);
});
