import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { identityOf } from "../helpers/answer.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { encrypt } from "../helpers/decryption-keys.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { mint } from "../helpers/mint.ts";
import { claims, createKeys, nowSeconds } from "../helpers/tokens.ts";

const keys = createKeys();

describe("a token's end", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, {
      keys,
      serverEnv: { JWT_CLOCK_SKEW: "0" },
      // Much longer than the tokens: the cache alone would keep them.
      haproxyEnv: { JWT_CACHE_TTL: "60" },
    });
  });
  afterAll(() => stack.disposeAsync());

  const kinds = [
    { name: "HS256", make: (text: string) => mint(keys.hs, text) },
    { name: "RS256", make: (text: string) => mint(keys.rs, text) },
    { name: "JWE", make: (text: string) => encrypt(keys.dir, text) },
  ];
  test.each(kinds)("of $name ends its verdict in the cache too", async ({ make }) => {
    const exp = nowSeconds() + 2;
    const token = await make(JSON.stringify(claims({ exp })));
    expectValid(await edge.ask(token));
    let isAcceptedEarly = false;
    for (;;) {
      // Lua's clock is the kernel's coarse one, some milliseconds behind.
      const sentAt = Date.now() / 1000 - 0.05;
      const identity = identityOf(await edge.ask(token));
      if (sentAt >= exp) expect([identity.valid, identity.detail]).toEqual(["0", "expired"]);
      else isAcceptedEarly ||= identity.valid === "1";
      if (sentAt >= exp + 1) break;
    }
    expect(isAcceptedEarly).toBe(true);
  });

  test("is not undone by asking again later", async () => {
    const token = mint(keys.rs, claims({ exp: nowSeconds() - 1 }));
    for (let i = 0; i < 5; i++) expectRefused(await edge.ask(token), { detail: "expired" });
  });

  test("has its claims beside the refusal, and nothing that says valid", async () => {
    const text = JSON.stringify(claims({ exp: nowSeconds() - 100 }));
    const identity = expectRefused(await edge.ask(mint(keys.rs, text)), { detail: "expired" });
    expect(identity.body).toBe(text);
  });

  test("still to come is refused, and accepted once it has", async () => {
    const nbf = nowSeconds() + 2;
    const token = mint(keys.rs, claims({ nbf }));
    expectRefused(await edge.ask(token), { detail: "not_yet_valid" });
    for (;;) {
      const sentAt = Date.now() / 1000;
      const { valid } = identityOf(await edge.ask(token));
      if (Date.now() / 1000 < nbf) expect(valid).toBe("0");
      if (valid === "1") break;
      if (sentAt > nbf + 3) throw new Error("the refusal outlived its reason");
    }
  });
});
