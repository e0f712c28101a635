/** Key sources that HAProxy reads itself (`JWT_JWKS_URL` of its own): each by a task that no other waits for. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../helpers/appliance.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { createMisbehaviours, DRIP } from "../../helpers/key-misbehaviours.ts";
import { type KeySource, startKeySource, toAnswer } from "../../helpers/key-source.ts";
import { mint } from "../../helpers/mint.ts";
import { createSigningKey, type SigningKey } from "../../helpers/signing-keys.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { countVerdicts } from "../../helpers/verdict-counts.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const first = createSigningKey("RS256", "own-1");
const second = createSigningKey("RS256", "own-2");

const mallory = createSigningKey("RS256", "mallory");

interface Front {
  readonly threads: number;
  readonly isShared?: boolean;
}

/** With one Lua state: what it knows all of HAProxy knows. */
function startReader(
  stack: AsyncDisposableStack,
  sources: readonly KeySource[],
  { threads, isShared = false }: Front,
): Promise<Edge> {
  const config = join(createTempFolder(stack), "haproxy.cfg");
  const shipped = readFileSync(join(ROOT, "haproxy", "haproxy.cfg"), "utf8");
  writeFileSync(config, isShared ? shipped.replace("lua-load-per-thread", "lua-load") : shipped);
  return startEdge(stack, {
    keys,
    config,
    threads,
    // The server has the keys all along: what tells is who verified.
    keyFile: { keys: [first.jwk, second.jwk] },
    verifiesInHaproxy: false,
    haproxyEnv: {
      JWT_JWKS_URL: sources.map((source) => source.url()).join(),
      JWT_SYNC_INTERVAL: "1",
    },
  });
}

type Verifier = "haproxy" | "server";

/** Asks with one new token and says who verified its signature. */
async function verifierOf({ ask, server }: Edge, key: SigningKey): Promise<Verifier> {
  const before = await countVerdicts(server, "haproxy");
  expectValid(await ask(mint(key, claims())));
  return (await countVerdicts(server, "haproxy")) > before ? "haproxy" : "server";
}

function waitForVerifier(edge: Edge, key: SigningKey, who: Verifier) {
  return waitFor(
    `${who} to verify ${key.kid}`,
    async () => (await verifierOf(edge, key)) === who,
    30_000,
  );
}

describe.each([
  { state: "a Lua state", front: { threads: 1 } },
  { state: "one Lua state for two threads", front: { threads: 2, isShared: true } },
])("a key source of HAProxy's own beside one that drips for ever, in $state", ({ front }) => {
  const stack = new AsyncDisposableStack();
  let dripping: KeySource;
  let source: KeySource;
  let edge: Edge;
  beforeAll(async () => {
    dripping = await startKeySource(stack);
    dripping.answer(DRIP);
    source = await startKeySource(stack);
    source.answer(toAnswer({ keys: [first.jwk] }));
    edge = await startReader(stack, [dripping, source], front);
  });
  afterAll(() => stack.disposeAsync());

  test("is read, and read again", async () => {
    await waitForVerifier(edge, first, "haproxy");
    expect(await verifierOf(edge, second)).toBe("server");
    source.answer(toAnswer({ keys: [second.jwk] }));
    await waitForVerifier(edge, second, "haproxy");
    await waitForVerifier(edge, first, "server");
    // And that one is not asked again as long as it drips.
    expect(dripping.fetches).toHaveLength(1);
  }, 100_000);
});

describe("a key source of HAProxy's own", () => {
  const stack = new AsyncDisposableStack();
  let source: KeySource;
  let edge: Edge;
  beforeAll(async () => {
    source = await startKeySource(stack);
    source.answer(toAnswer({ keys: [first.jwk] }));
    source.answer(toAnswer({ keys: [mallory.jwk] }), "/elsewhere");
    edge = await startReader(stack, [source], { threads: 1 });
  });
  afterAll(() => stack.disposeAsync());

  test.each([...createMisbehaviours(first, mallory)])(
    "that answers %s changes nothing",
    async (_, misbehave) => {
      source.answer(toAnswer({ keys: [first.jwk] }));
      await waitForVerifier(edge, first, "haproxy");
      source.answer(misbehave(source));
      const before = source.fetches.length;
      // One task reads it: when it asks again, the answer before has been dealt with.
      await waitFor("two more fetches", () => source.fetches.length >= before + 2, 40_000);
      expect(await verifierOf(edge, first)).toBe("haproxy");
      expectRefused(await edge.ask(mint(mallory, claims())), { detail: "unknown_key" });
      expect(source.fetches).not.toContain("/elsewhere");
      // And is listened to again afterwards.
      source.answer(toAnswer({ keys: [second.jwk] }));
      await waitForVerifier(edge, first, "server");
      expect(await verifierOf(edge, second)).toBe("haproxy");
    },
    110_000,
  );
});
