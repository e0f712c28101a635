/** A verifier that turns to another machine on the same store brings nothing along either (P4, P14). */
import { afterAll, expect, test } from "bun:test";
import { startCluster } from "../../helpers/cluster.ts";
import { confirm } from "../../helpers/confirmed.ts";
import type { Edge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { askCounted, remember } from "../../helpers/known.ts";
import { mint } from "../../helpers/mint.ts";
import { writeSecondBackend } from "../../helpers/second-server.ts";
import { startTcpProxy } from "../../helpers/tcp-proxy.ts";
import { claims } from "../../helpers/tokens.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync(), 60_000);

const PATIENCE_SECONDS = 30;

test("what one machine accepted is asked of the other, and revoked there it is refused", async () => {
  const { nodes } = await startCluster(stack, {
    nodes: 2,
    leaseSeconds: 5,
    verifierKey: "a-verifier-key-of-two-machines-in-a-test",
  });
  const [first, second] = nodes.map(({ edge }) => edge);
  if (first === undefined || second === undefined) throw new TypeError("a machine is missing");
  const cable = await startTcpProxy(stack, second.server.port);
  // Whoever holds the lease first is the first machine.
  await cable.set({ kind: "refuse" });
  const edge = await first.beside({
    threads: 1,
    withCable: true,
    haproxyEnv: { JWT_CACHE_TTL: "300" },
    extraConfigs: [writeSecondBackend(stack, cable.port)],
  });
  const other: Edge = { ...edge, server: second.server, cable };
  const tokenOf = (name: string) => mint(edge.keys.rs, claims({ sub: name, username: name }));
  const [revoked, free] = [tokenOf("revoked"), tokenOf("free")];
  for (const token of [revoked, free]) await remember(edge, token);

  await cable.set({ kind: "pass" });
  expect(cable.questions()).toBe(0);
  await edge.cable?.set({ kind: "refuse" });
  // With a lease of the other's, by which known verdicts count.
  await remember(other, tokenOf("somebody"));
  for (const token of [revoked, free]) {
    const { answer, questions } = await askCounted(other, token);
    expectValid(answer);
    expect(questions).toBe(1);
  }
  // The first one waits until whoever has left it is fenced.
  const confirmed = await confirm(second.server, ["revoke", "block", "revoked"], PATIENCE_SECONDS);
  expect(confirmed.applied).toBe(true);
  expectRefused(await edge.ask(revoked), { detail: "revoked" }, revoked);
  expectValid(await edge.ask(free));
}, 120_000);
