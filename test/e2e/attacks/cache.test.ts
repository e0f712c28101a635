import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { identityOf } from "../../helpers/answer.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { encode, mint, splitToken, withPart } from "../../helpers/mint.ts";
import { countOf } from "../../helpers/server-counts.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { settledDetails } from "../../helpers/settled.ts";
import { claims, createKeys, nowSeconds } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
/** Far longer than this file runs: a verdict that ends here ends by its own reason. */
const LONG_SECONDS = "300";
const SYNC_SECONDS = 1;
/** From a change at the server to the last thread's having heard. */
const HEARD_MS = 1500;
const leaving = createSigningKey("RS256", "leaving");

describe("a verdict that is remembered", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  let asking: Edge;
  beforeAll(async () => {
    // One thread: with several, each remembers what it was asked itself.
    edge = await startEdge(stack, {
      keys,
      keyFile: [keys.hs.entry, keys.rs.entry, keys.es.entry, leaving.entry],
      threads: 1,
      serverEnv: { JWT_SYNC_INTERVAL: String(SYNC_SECONDS), JWT_CLOCK_SKEW: "0" },
      haproxyEnv: { JWT_SYNC_INTERVAL: String(SYNC_SECONDS), JWT_CACHE_TTL: LONG_SECONDS },
    });
    // HAProxy remembers what the server refused, not what it refuses itself.
    asking = await edge.beside({
      threads: 1,
      verifiesInHaproxy: false,
      haproxyEnv: { JWT_CACHE_TTL: LONG_SECONDS },
    });
  });
  afterAll(() => stack.disposeAsync());

  const questions = () => countOf(edge.server, "haproxy_jwt_verdicts_total");

  /** Whether a token is accepted without a question to the server. */
  const isKnown = async (token: string, front: Edge): Promise<boolean> => {
    const before = await questions();
    expectValid(await front.ask(token));
    return (await questions()) === before;
  };

  /** Asks until the verdict is remembered: from the moment on that HAProxy has its lease. */
  const remember = (token: string, front = edge) =>
    waitFor("the verdict to be remembered", () => isKnown(token, front));

  test("is not another token's that begins alike", async () => {
    const token = mint(keys.rs, claims());
    await remember(token);
    for (const length of [1, 2, 10, 100]) {
      const cut = token.slice(0, -length);
      expectRefused(await edge.ask(cut), {}, cut);
      const other = `${cut}${(token.endsWith("A") ? "Q" : "A").repeat(length)}`;
      expectRefused(await edge.ask(other), {}, other);
    }
    expect(await isKnown(token, edge)).toBe(true);
  });

  test("is not another token's with the same signature", async () => {
    const token = mint(keys.rs, claims());
    await remember(token);
    const others = [
      withPart(token, 1, encode(claims({ sub: "root" }))),
      withPart(token, 0, encode({ alg: "none" })),
    ];
    for (const other of others) expectRefused(await edge.ask(other), {}, other);
    expect(await isKnown(token, edge)).toBe(true);
  });

  test("is not another token's that differs in a place that short hashes skip", async () => {
    // Lua 5.3 hashes a long string by a few of its characters only.
    const token = mint(keys.hs, claims({ pad: "x".repeat(600) }));
    await remember(token);
    const payload = splitToken(token)[1] ?? "";
    for (let at = 200; at < 700; at += 7) {
      const changed = payload[at] === "A" ? "B" : "A";
      const other = withPart(token, 1, payload.slice(0, at) + changed + payload.slice(at + 1));
      expectRefused(await edge.ask(other), {}, other);
    }
    expect(await isKnown(token, edge)).toBe(true);
  });

  test("of a refused token does not refuse a good one that ends alike", async () => {
    const token = mint(keys.rs, claims());
    const forged = withPart(token, 1, encode(claims({ sub: "root" })));
    await waitFor("the refusal to be remembered", async () => {
      const before = await questions();
      expectRefused(await asking.ask(forged), { detail: "signature" }, forged);
      return (await questions()) === before;
    });
    expectValid(await asking.ask(token));
    await remember(token, asking);
    expectRefused(await asking.ask(forged), { detail: "signature" }, forged);
  });

  test("gives each of many tokens its own claims", async () => {
    const tokens = Array.from({ length: 50 }, (_, i) => {
      const text = JSON.stringify(claims({ sub: `user-${i}` }));
      return { text, token: mint(keys.hs, text) };
    });
    for (const { token } of tokens) await remember(token);
    const before = await questions();
    const answers = await Promise.all(tokens.map(({ token }) => edge.ask(token)));
    for (const [i, answer] of answers.entries()) expectValid(answer, tokens[i]?.text);
    expect(await questions()).toBe(before);
  });

  test("ends when the token does", async () => {
    const exp = nowSeconds() + 3;
    const token = mint(keys.rs, claims({ exp }));
    await remember(token);
    for (;;) {
      // Lua's clock is the kernel's coarse one, some milliseconds behind.
      const sentAt = Date.now() / 1000 - 0.05;
      const identity = identityOf(await edge.ask(token));
      if (sentAt >= exp) expect([identity.valid, identity.detail]).toEqual(["0", "expired"]);
      if (sentAt >= exp + 1) break;
    }
  });

  test("ends with a revocation", async () => {
    const token = mint(keys.rs, claims({ sub: "leaver", username: "leaver" }));
    const stayer = mint(keys.rs, claims({ sub: "stayer", username: "stayer" }));
    for (const each of [token, stayer]) await remember(each);
    const { code } = await edge.server.run(
      "revoke",
      "user",
      "leaver",
      "--reason",
      "test",
      "--json",
    );
    expect(code).toBe(0);
    expect(await settledDetails(edge, token, HEARD_MS)).toEqual(["revoked"]);
    expectValid(await edge.ask(stayer));
  });

  test("ends when its key is removed", async () => {
    const token = mint(leaving, claims());
    await remember(token);
    writeFileSync(edge.keyFile, JSON.stringify([keys.hs.entry, keys.rs.entry, keys.es.entry]));
    const withinMs = SYNC_SECONDS * 1000 + HEARD_MS;
    expect(await settledDetails(edge, token, withinMs)).toEqual(["unknown_key"]);
    expectValid(await edge.ask(mint(keys.rs, claims())));
  });
});
