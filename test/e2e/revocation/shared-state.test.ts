/**
 * The seed's `lua-load`, one Lua state for all threads, with a verifier key: verdicts are remembered under a lease and
 * forgotten by the feed, as where each thread has a state of its own (P4).
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identityOf } from "../../helpers/answer.ts";
import { confirm } from "../../helpers/confirmed.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { askCounted, remember } from "../../helpers/known.ts";
import { mint } from "../../helpers/mint.ts";
import { seedConfig } from "../../helpers/seed-config.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const VERIFIER_KEY = "a-verifier-key-of-one-shared-state-in-a-test";
/** Enough to reach every thread. */
const REQUESTS = 32;
const ROUNDS = process.env["FULL"] === undefined ? 5 : 100;

const tokenOf = (name: string) => mint(keys.rs, claims({ sub: name, username: name }));

describe.each([1, 2, 4])("one Lua state for %d threads", (threads) => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    const config = join(createTempFolder(stack), "seed.cfg");
    writeFileSync(config, CONFIG);
    edge = await startEdge(stack, {
      keys,
      config,
      threads,
      withCable: true,
      serverEnv: { JWT_VERIFIER_KEY: VERIFIER_KEY, JWT_SYNC_INTERVAL: "1" },
    });
  });
  afterAll(() => stack.disposeAsync());

  const askAtOnce = (token: string) =>
    Promise.all(Array.from({ length: REQUESTS }, () => edge.ask(token)));

  test("remembers a verdict for all of them", async () => {
    const token = tokenOf("ann");
    expect((await askCounted(edge, token)).questions).toBe(1);
    await remember(edge, token);
    const before = edge.cable?.questions();
    for (const answer of await askAtOnce(token)) expectValid(answer);
    expect(edge.cable?.questions()).toBe(before);
  });

  test("accepts nothing after the acknowledgement, and keeps what others are known by", async () => {
    const other = tokenOf("carol");
    await remember(edge, other);
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `leaver-${round}`;
      const token = tokenOf(name);
      await remember(edge, token);
      const { applied, verifiers } = await confirm(edge.server, ["revoke", "block", name]);
      const refused = await askAtOnce(token);
      for (const answer of refused) expectRefused(answer, { detail: "revoked" }, token);
      expect(applied).toBe(true);
      // Lua's thread number is 0 where the state is everybody's.
      const [ours] = verifiers.filter(({ name: label }) => label.endsWith("/0"));
      expect([verifiers.length, ours?.state]).toEqual([1, "applied"]);
      const { answer, questions } = await askCounted(edge, other);
      expectValid(answer);
      expect(questions).toBe(0);
    }
  }, 120_000);

  test("no longer knows a token whose key is gone, long before it would read keys itself", async () => {
    const gone = tokenOf("dave");
    const kept = mint(keys.hs, claims());
    await remember(edge, gone);
    await remember(edge, kept);
    writeFileSync(`${edge.keyFile}.new`, JSON.stringify([keys.hs.entry]), { mode: 0o600 });
    renameSync(`${edge.keyFile}.new`, edge.keyFile);
    await waitFor(
      "the key's tokens to be refused",
      async () => identityOf(await edge.ask(gone)).detail === "unknown_key",
      5000,
    );
    for (const answer of await askAtOnce(gone)) expectRefused(answer, { detail: "unknown_key" });
    expectValid(await remember(edge, kept));
  });

  test("ends with its process after a reload, and the next one has a lease too", async () => {
    const old = edge.haproxy.program();
    await edge.haproxy.reload();
    await remember(edge, mint(keys.hs, claims()));
    await waitFor("the old process to end", () => !old.isRunning());
  });
});

/** Addresses stand in the environment, which is there before the file's own settings. */
const CONFIG = seedConfig({
  keyFile: '"${JWT_JWKS_FILE}"',
  keyUrl: '"http://${JWT_TOKEN_SERVER}/.well-known/jwks.json"',
  bind: '"${JWT_FRONTEND_BIND}"',
  upstream: '"${JWT_UPSTREAM}"',
  server: '"${JWT_TOKEN_SERVER}"',
  more: { JWT_CACHE_TTL: "60", JWT_VERIFIER_KEY: VERIFIER_KEY },
});
