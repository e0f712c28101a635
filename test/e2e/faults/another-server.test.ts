/** A verifier whose server has died turns to another, whether that one was there or comes later (P3). */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { identityOf } from "../../helpers/answer.ts";
import { type Appliance, startAppliance } from "../../helpers/appliance.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { mint } from "../../helpers/mint.ts";
import { findFreePort } from "../../helpers/ports.ts";
import { writeSecondBackend } from "../../helpers/second-server.ts";
import { claims, createKeys, forgedToken } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const VERIFIER_KEY = "a-verifier-key-of-two-servers-in-a-test";
/** P3: recovered within two seconds of the server's being there. */
const RECOVERY_MS = 2000;

describe("another token-server", () => {
  const stack = new AsyncDisposableStack();
  afterAll(() => stack.disposeAsync());

  /** An edge that knows a second server's address, and how that server is started. */
  const start = async () => {
    const port = await findFreePort();
    const edge = await startEdge(stack, {
      keys,
      threads: 1,
      serverEnv: { JWT_VERIFIER_KEY: VERIFIER_KEY },
      extraConfigs: [writeSecondBackend(stack, port)],
    });
    const startOther = () => {
      const folder = join(edge.folder, "other-server");
      mkdirSync(folder);
      const { keyFile: JWT_JWKS_FILE } = edge;
      return startAppliance(stack, {
        folder,
        port,
        env: { JWT_JWKS_FILE, JWT_VERIFIER_KEY: VERIFIER_KEY },
      });
    };
    await expectJudged(edge);
    return { edge, startOther };
  };

  test("takes over where the one that held the lease dies", async () => {
    const { edge, startOther } = await start();
    await startOther();
    await edge.server.kill();
    await expectRecovery(edge);
  }, 60_000);

  test("takes over when it comes while nobody answers", async () => {
    const { edge, startOther } = await start();
    await edge.server.kill();
    await waitFor("nobody to be let in", async () => (await validOf(edge)) === "0");
    const other: Appliance = await startOther();
    await expectRecovery(edge);
    expect(await other.isReady()).toBe(true);
  }, 60_000);
});

async function expectRecovery(edge: Edge): Promise<void> {
  await waitFor(
    "good tokens to be accepted",
    async () => (await validOf(edge)) === "1",
    RECOVERY_MS,
  );
  await expectJudged(edge);
}

async function expectJudged(edge: Edge): Promise<void> {
  expect(await validOf(edge)).toBe("1");
  expect(identityOf(await edge.ask(forgedToken(keys))).reason).toBe("E_TKN_INVALID");
}

/** Of a good token that nobody has seen. */
async function validOf(edge: Edge): Promise<string | undefined> {
  return identityOf(await edge.ask(mint(keys.hs, claims({ jti: crypto.randomUUID() })))).valid;
}
