import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { identityOf } from "../../helpers/answer.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { type KeySource, startKeySource, toAnswer } from "../../helpers/key-source.ts";
import { mint } from "../../helpers/mint.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const first = createSigningKey("RS256", "rotating-1");
const second = createSigningKey("RS256", "rotating-2");

describe("a key source that rotates", () => {
  const stack = new AsyncDisposableStack();
  let source: KeySource;
  let edge: Edge;
  beforeAll(async () => {
    source = await startKeySource(stack);
    source.answer(toAnswer({ keys: [first.jwk] }));
    edge = await startEdge(stack, {
      keys,
      // Long: what is new within the test came because a token named it.
      serverEnv: { JWT_JWKS_URL: source.url(), JWT_SYNC_INTERVAL: "300" },
      haproxyEnv: { JWT_CACHE_TTL: "0" },
    });
  });
  afterAll(() => stack.disposeAsync());

  test("is asked at once for a kid that nobody knows, and the token is accepted", async () => {
    expectValid(await edge.ask(mint(first, claims())));
    const before = source.fetches.length;
    source.answer(toAnswer({ keys: [first.jwk, second.jwk] }));
    const isValid = async () => identityOf(await edge.ask(mint(second, claims()))).valid === "1";
    await waitFor("the new key to count", isValid, 5000);
    expect(source.fetches.length).toBe(before + 1);
  });

  test("is not asked again for each of a thousand made-up kids", async () => {
    const before = source.fetches.length;
    const asks = Array.from({ length: 1000 }, (_, i) =>
      mint({ ...first, kid: `made-up-${i}` }, claims()),
    );
    for (let at = 0; at < asks.length; at += 50) {
      const answers = await Promise.all(asks.slice(at, at + 50).map((token) => edge.ask(token)));
      for (const answer of answers) expectRefused(answer, { detail: "unknown_key" });
    }
    // Once per source in thirty seconds at most, and this took less.
    expect(source.fetches.length - before).toBeLessThanOrEqual(1);
    expectValid(await edge.ask(mint(second, claims())));
  }, 60_000);
});
