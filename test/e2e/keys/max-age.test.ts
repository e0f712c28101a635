/** An issuer that stays away (P8): its last good keys count up to JWT_KEY_MAX_AGE, over a restart too, and no longer. */
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
const issuer = createSigningKey("RS256", "issuer-1");
/** Ages are whole seconds, and every verifier has to be told. */
const SLACK_MS = 1500;

describe.each([
  { name: "signatures verified in HAProxy", verifiesInHaproxy: true },
  { name: "two judging threads", workers: "2" },
  // Readings lie half the age apart, and after failures none comes near its end.
  { name: "an interval that is longer than the age", interval: "300", maxAgeMs: 6000 },
])("keys of an issuer that stays away, with $name", (row) => {
  const { verifiesInHaproxy = false, workers = "1", interval = "1", maxAgeMs = 4000 } = row;
  const stack = new AsyncDisposableStack();
  let source: KeySource;
  let edge: Edge;
  const token = mint(issuer, claims());
  beforeAll(async () => {
    source = await startKeySource(stack);
    source.answer(toAnswer({ keys: [issuer.jwk] }));
    edge = await startEdge(stack, {
      keys,
      verifiesInHaproxy,
      withCable: true,
      serverEnv: {
        JWT_JWKS_URL: source.url(),
        JWT_SYNC_INTERVAL: interval,
        JWT_KEY_MAX_AGE: String(maxAgeMs / 1000),
        JWT_WORKERS: workers,
      },
      // HAProxy's own copy of the keys lives for a day: what counts is the server's word.
      haproxyEnv: verifiesInHaproxy ? { JWT_JWKS_URL: source.url(), JWT_SYNC_INTERVAL: "1" } : {},
    });
  });
  afterAll(() => stack.disposeAsync());

  const becomesValid = () =>
    waitFor(
      "the issuer's token to be accepted",
      async () => identityOf(await edge.ask(token)).valid === "1",
      15_000,
    );
  /** Away from a reading on, so that the age of what was read is known. */
  const down = async () => {
    const { length } = source.fetches;
    await waitFor("a reading", () => source.fetches.length > length, maxAgeMs);
    await becomesValid();
    await source.down();
    return performance.now();
  };

  /** Asks all the time, so that a remembered verdict is there too, until the token is refused for good. */
  const untilRefused = async (from: number): Promise<number> => {
    const end = from + maxAgeMs + SLACK_MS;
    let lastValidAt = from;
    while (performance.now() < end + 500) {
      const sentAt = performance.now();
      const answer = await edge.ask(token);
      if (identityOf(answer).valid === "1") lastValidAt = sentAt;
      else expectRefused(answer, { reason: "E_TKN_INVALID", detail: "unknown_key" });
      // The control: keys that are fresh go on, so it is their age and nothing else.
      expectValid(await edge.ask(mint(keys.rs, claims())));
    }
    return lastValidAt - from;
  };

  test("count until their maximum age, remembered verdicts too, and again when the issuer is back", async () => {
    await becomesValid();
    const usedMs = await untilRefused(await down());
    expect(usedMs).toBeGreaterThan(maxAgeMs - 2500);
    expect(usedMs).toBeLessThan(maxAgeMs + SLACK_MS);
    await source.up();
    await becomesValid();
  }, 60_000);

  test("count after a restart as long as they would have without it", async () => {
    await becomesValid();
    const downAt = await down();
    await edge.server.kill();
    await edge.server.start();
    expectValid(await waitForVerdict(edge, token));
    expect(await untilRefused(downAt)).toBeLessThan(maxAgeMs + SLACK_MS);
    await edge.server.stop();
    await edge.server.start();
    expectRefused(await waitForVerdict(edge, token), { detail: "unknown_key" });
    await source.up();
    await becomesValid();
  }, 60_000);
});

/** The first answer that the server has given: HAProxy may not have seen yet that it is back. */
function waitForVerdict(edge: Edge, token: string) {
  return waitFor("a verdict", async () => {
    const answer = await edge.ask(token);
    return identityOf(answer).reason === "E_BACKEND_UNAVAIL" ? undefined : answer;
  });
}
