/** A verifier that turns to another server brings nothing along: what the first one accepted, the other is asked about (P4). */
import { afterAll, expect, test } from "bun:test";
import { startAppliance } from "../../helpers/appliance.ts";
import { confirm } from "../../helpers/confirmed.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { askCounted, remember } from "../../helpers/known.ts";
import { mint } from "../../helpers/mint.ts";
import { findFreePort } from "../../helpers/ports.ts";
import { writeSecondBackend } from "../../helpers/second-server.ts";
import { startTcpProxy } from "../../helpers/tcp-proxy.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

const keys = createKeys();
const VERIFIER_KEY = "a-verifier-key-of-two-stores-in-a-test";
const tokenOf = (name: string) => mint(keys.rs, claims({ sub: name, username: name }));

test("what is revoked at the other server is refused once a verifier has turned to it", async () => {
  const port = await findFreePort();
  const cable = await startTcpProxy(stack, port);
  // Whoever holds the lease first is the first server.
  await cable.set({ kind: "refuse" });
  const edge = await startEdge(stack, {
    keys,
    threads: 1,
    withCable: true,
    serverEnv: { JWT_VERIFIER_KEY: VERIFIER_KEY },
    haproxyEnv: { JWT_CACHE_TTL: "300" },
    extraConfigs: [writeSecondBackend(stack, cable.port)],
  });
  const server = await startAppliance(stack, {
    folder: createTempFolder(stack),
    port,
    env: { JWT_JWKS_FILE: edge.keyFile, JWT_VERIFIER_KEY: VERIFIER_KEY },
  });
  const other: Edge = { ...edge, server, cable };
  const [revoked, free] = [tokenOf("revoked"), tokenOf("free")];
  for (const token of [revoked, free]) await remember(edge, token);
  expect((await confirm(server, ["revoke", "block", "revoked"])).applied).toBe(true);

  await cable.set({ kind: "pass" });
  expectValid((await askCounted(edge, revoked)).answer);
  expect(cable.questions()).toBe(0);
  await edge.server.kill();
  // With a lease of the other's, by which known verdicts count.
  await remember(other, tokenOf("somebody"));
  const [refused, welcome] = [await askCounted(other, revoked), await askCounted(other, free)];
  expectRefused(refused.answer, { detail: "revoked" }, revoked);
  expectValid(welcome.answer);
  expect([refused.questions, welcome.questions]).toEqual([1, 1]);
}, 60_000);
