/** Key sources that HAProxy reads itself (`JWT_JWKS_URL` of its own): each by a task that no other waits for. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectValid } from "../../helpers/expect-verdict.ts";
import { DRIP } from "../../helpers/key-misbehaviours.ts";
import { type KeySource, startKeySource, toAnswer } from "../../helpers/key-source.ts";
import { mint } from "../../helpers/mint.ts";
import { createSigningKey, type SigningKey } from "../../helpers/signing-keys.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { countVerdicts } from "../../helpers/verdict-counts.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const first = createSigningKey("RS256", "own-1");
const second = createSigningKey("RS256", "own-2");

describe("a key source of HAProxy's own", () => {
  const stack = new AsyncDisposableStack();
  let dripping: KeySource;
  let source: KeySource;
  let edge: Edge;
  beforeAll(async () => {
    dripping = await startKeySource(stack);
    dripping.answer(DRIP);
    source = await startKeySource(stack);
    source.answer(toAnswer({ keys: [first.jwk] }));
    edge = await startEdge(stack, {
      keys,
      // The server has the keys all along: what tells is who verified.
      keyFile: { keys: [first.jwk, second.jwk] },
      verifiesInHaproxy: false,
      threads: 1,
      haproxyEnv: {
        JWT_JWKS_URL: `${dripping.url()},${source.url()}`,
        JWT_SYNC_INTERVAL: "1",
      },
    });
  });
  afterAll(() => stack.disposeAsync());

  /** Asks with one new token and says who verified its signature. */
  const verifier = async (key: SigningKey): Promise<"haproxy" | "server"> => {
    const before = await countVerdicts(edge.server, "haproxy");
    expectValid(await edge.ask(mint(key, claims())));
    return (await countVerdicts(edge.server, "haproxy")) > before ? "haproxy" : "server";
  };
  const isVerifiedBy = (who: "haproxy" | "server", key: SigningKey) =>
    waitFor(`${who} to verify`, async () => (await verifier(key)) === who, 20_000);

  test("is read, and read again, while another one drips for ever", async () => {
    await isVerifiedBy("haproxy", first);
    expect(await verifier(second)).toBe("server");
    source.answer(toAnswer({ keys: [second.jwk] }));
    await isVerifiedBy("haproxy", second);
    await isVerifiedBy("server", first);
    // And that one is not asked again as long as it drips.
    expect(dripping.fetches).toHaveLength(1);
  }, 70_000);
});
