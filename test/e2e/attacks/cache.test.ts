import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { identityOf } from "../../helpers/answer.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { encode, mint, splitToken, withPart } from "../../helpers/mint.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { settledDetails } from "../../helpers/settled.ts";
import { claims, createKeys, nowSeconds } from "../../helpers/tokens.ts";

const keys = createKeys();
const leaving = createSigningKey("RS256", "leaving");

describe("a verdict that is remembered", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, {
      keys,
      keyFile: [keys.hs.entry, keys.rs.entry, keys.es.entry, leaving.entry],
      serverEnv: { JWT_SYNC_INTERVAL: "1", JWT_CLOCK_SKEW: "0" },
      haproxyEnv: { JWT_SYNC_INTERVAL: "1", JWT_CACHE_TTL: "2" },
    });
  });
  afterAll(() => stack.disposeAsync());

  test("is not another token's that begins alike", async () => {
    const token = mint(keys.rs, claims());
    expectValid(await edge.ask(token));
    for (const length of [1, 2, 10, 100]) {
      const cut = token.slice(0, -length);
      expectRefused(await edge.ask(cut), {}, cut);
      const other = `${cut}${(token.endsWith("A") ? "Q" : "A").repeat(length)}`;
      expectRefused(await edge.ask(other), {}, other);
    }
    expectValid(await edge.ask(token));
  });

  test("is not another token's with the same signature", async () => {
    const token = mint(keys.rs, claims());
    expectValid(await edge.ask(token));
    const others = [
      withPart(token, 1, encode(claims({ sub: "root" }))),
      withPart(token, 0, encode({ alg: "none" })),
    ];
    for (const other of others) expectRefused(await edge.ask(other), {}, other);
  });

  test("is not another token's that differs in a place that short hashes skip", async () => {
    // Lua 5.3 hashes a long string by a few of its characters only.
    const token = mint(keys.hs, claims({ pad: "x".repeat(600) }));
    expectValid(await edge.ask(token));
    const payload = splitToken(token)[1] ?? "";
    for (let at = 200; at < 700; at += 7) {
      const changed = payload[at] === "A" ? "B" : "A";
      const other = withPart(token, 1, payload.slice(0, at) + changed + payload.slice(at + 1));
      expectRefused(await edge.ask(other), {}, other);
    }
  });

  test("of a refused token does not refuse a good one", async () => {
    const token = mint(keys.rs, claims());
    expectRefused(await edge.ask(token.slice(0, -4)));
    expectValid(await edge.ask(token));
  });

  test("gives each of many tokens its own claims", async () => {
    const tokens = Array.from({ length: 50 }, (_, i) => {
      const text = JSON.stringify(claims({ sub: `user-${i}` }));
      return { text, token: mint(keys.hs, text) };
    });
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(tokens.map(({ token }) => edge.ask(token)));
      for (const [i, answer] of answers.entries()) expectValid(answer, tokens[i]?.text);
    }
  });

  test("ends when the token does", async () => {
    const exp = nowSeconds() + 2;
    const token = mint(keys.rs, claims({ exp }));
    expectValid(await edge.ask(token));
    for (;;) {
      // Lua's clock is the kernel's coarse one, some milliseconds behind.
      const sentAt = Date.now() / 1000 - 0.05;
      const identity = identityOf(await edge.ask(token));
      if (sentAt >= exp) expect([identity.valid, identity.detail]).toEqual(["0", "expired"]);
      if (sentAt >= exp + 1) break;
    }
  });

  test("ends with a revocation within the cache's time", async () => {
    const token = mint(keys.rs, claims({ sub: "leaver", username: "leaver" }));
    const stayer = mint(keys.rs, claims({ sub: "stayer", username: "stayer" }));
    expectValid(await edge.ask(token));
    const { code } = await edge.server.run(
      "revoke",
      "user",
      "leaver",
      "--reason",
      "test",
      "--json",
    );
    expect(code).toBe(0);
    expect(await settledDetails(edge, token, 2000)).toEqual(["revoked"]);
    expectValid(await edge.ask(stayer));
  });

  test("ends when its key is removed", async () => {
    const token = mint(leaving, claims());
    expectValid(await edge.ask(token));
    writeFileSync(edge.keyFile, JSON.stringify([keys.hs.entry, keys.rs.entry, keys.es.entry]));
    // The interval to see it, and the cache's time to forget.
    expect(await settledDetails(edge, token, 3000)).toEqual(["unknown_key"]);
    expectValid(await edge.ask(mint(keys.rs, claims())));
  });
});
