/** Key sources that HAProxy reads itself (`JWT_JWKS_URL` of its own): each by a task that no other waits for. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { createMisbehaviours, DRIP } from "../../helpers/key-misbehaviours.ts";
import { type KeySource, startKeySource, toAnswer } from "../../helpers/key-source.ts";
import { mint } from "../../helpers/mint.ts";
import { createSigningKey, type SigningKey } from "../../helpers/signing-keys.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { countVerdicts } from "../../helpers/verdict-counts.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const first = createSigningKey("RS256", "own-1");
const second = createSigningKey("RS256", "own-2");

const mallory = createSigningKey("RS256", "mallory");

/** One thread: what it verified itself is told by the server's own count. */
function startReader(
  stack: AsyncDisposableStack,
  serverKeys: readonly SigningKey[],
  sources: readonly KeySource[],
): Promise<Edge> {
  return startEdge(stack, {
    keys,
    // The server has the keys all along: what tells is who verified.
    keyFile: { keys: serverKeys.map(({ jwk }) => jwk) },
    verifiesInHaproxy: false,
    threads: 1,
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

describe("a key source of HAProxy's own beside one that drips for ever", () => {
  const stack = new AsyncDisposableStack();
  let dripping: KeySource;
  let source: KeySource;
  let edge: Edge;
  beforeAll(async () => {
    dripping = await startKeySource(stack);
    dripping.answer(DRIP);
    source = await startKeySource(stack);
    source.answer(toAnswer({ keys: [first.jwk] }));
    edge = await startReader(stack, [first, second], [dripping, source]);
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
    edge = await startReader(stack, [first, second], [source]);
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
