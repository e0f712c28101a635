import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { identityOf } from "../../helpers/answer.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { createMisbehaviours, DRIP } from "../../helpers/key-misbehaviours.ts";
import { type KeySource, startKeySource, toAnswer } from "../../helpers/key-source.ts";
import { mint } from "../../helpers/mint.ts";
import { countOf } from "../../helpers/server-counts.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const issuer = createSigningKey("RS256", "issuer-1");
const mallory = createSigningKey("RS256", "mallory");
const goodSet = { keys: [issuer.jwk] };
describe("a key source on the web", () => {
  const stack = new AsyncDisposableStack();
  let source: KeySource;
  let edge: Edge;
  beforeAll(async () => {
    source = await startKeySource(stack);
    source.answer(toAnswer(goodSet));
    source.answer(toAnswer({ keys: [mallory.jwk] }), "/elsewhere");
    edge = await startEdge(stack, {
      keys,
      verifiesInHaproxy: false,
      serverEnv: { JWT_JWKS_URL: source.url(), JWT_SYNC_INTERVAL: "1" },
      haproxyEnv: { JWT_CACHE_TTL: "0" },
    });
  });
  beforeEach(() => source.answer(toAnswer(goodSet)));
  afterAll(() => stack.disposeAsync());

  /** How many fetches have come to their end in vain. */
  const failedFetches = () =>
    countOf(edge.server, "haproxy_jwt_key_syncs_total", [
      `source="${source.url()}"`,
      'result="failed"',
    ]);

  /** Waits until the source was asked again twice: what it said the first time has been dealt with. */
  const waitForFetches = async () => {
    const before = source.fetches.length;
    await waitFor("two more fetches", () => source.fetches.length >= before + 2, 20_000);
  };

  test("gives its keys from the start", async () => {
    expectValid(await edge.ask(mint(issuer, claims())));
  });

  test.each([...createMisbehaviours(issuer, mallory), ["a drip", () => DRIP] as const])(
    "that answers %s changes nothing",
    async (_, misbehave) => {
      const before = await failedFetches();
      source.answer(misbehave(source));
      await waitFor("a fetch to end", async () => (await failedFetches()) > before, 20_000);
      expectValid(await edge.ask(mint(issuer, claims())));
      expectRefused(await edge.ask(mint(mallory, claims())), { detail: "unknown_key" });
      expect(source.fetches).not.toContain("/elsewhere");
      // And is listened to again afterwards: to a key that it has not had before.
      const next = createSigningKey("ES256", crypto.randomUUID());
      source.answer(toAnswer({ keys: [issuer.jwk, next.jwk] }));
      await waitFor(
        "the next set to count",
        async () => identityOf(await edge.ask(mint(next, claims()))).valid === "1",
        30_000,
      );
    },
    70_000,
  );

  test("that is down changes nothing", async () => {
    await source.down();
    // Two intervals and more: it has been asked for in vain.
    const until = performance.now() + 2500;
    while (performance.now() < until) expectValid(await edge.ask(mint(issuer, claims())));
    await source.up();
    await waitForFetches();
    expectValid(await edge.ask(mint(issuer, claims())));
  }, 40_000);

  test("that is down while the server starts is made up for by the last good set on disk", async () => {
    await waitForFetches();
    await source.down();
    await edge.server.stop();
    await edge.server.start();
    await waitFor(
      "HAProxy to see it",
      async () => {
        expectValid(await edge.ask(mint(issuer, claims())));
        return true;
      },
      3000,
    );
    await source.up();
  }, 40_000);

  test("that has a private key publishes no part of it, and the key verifies nothing", async () => {
    const jwk = issuer.privateKey?.export({ format: "jwk" });
    const d = String(jwk?.d);
    edge.keepSecret(d);
    const next = createSigningKey("ES256", crypto.randomUUID());
    expectValid(await edge.ask(mint(issuer, claims())));
    source.answer(toAnswer({ keys: [{ ...issuer.jwk, ...jwk }, next.jwk] }));
    await waitForFetches();
    expectRefused(await edge.ask(mint(issuer, claims())), { detail: "unknown_key" });
    expectValid(await edge.ask(mint(next, claims())));
    for (const path of ["/.well-known/jwks.json", "/keys.json"]) {
      const response = await fetch(`http://127.0.0.1:${edge.server.port}${path}`);
      const published = await response.text();
      expect(published).toContain(next.kid);
      expect(published).not.toContain(issuer.kid);
      expect(published).not.toContain(d);
    }
  }, 30_000);

  test("that has two keys under one kid has both, and nobody else's of that name", async () => {
    const twin = createSigningKey("RS256", issuer.kid);
    source.answer(toAnswer({ keys: [issuer.jwk, twin.jwk] }));
    await waitForFetches();
    expectValid(await edge.ask(mint(issuer, claims())));
    expectValid(await edge.ask(mint(twin, claims())));
    const third = mint({ ...mallory, kid: issuer.kid }, claims());
    expectRefused(await edge.ask(third), { detail: "signature" }, third);
  }, 30_000);
});
