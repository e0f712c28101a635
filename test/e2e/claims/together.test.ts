/** A token that is new, brought by many at once: each of their requests carries all that the token says (P2, P10). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectValid } from "../../helpers/expect-verdict.ts";
import { mint } from "../../helpers/mint.ts";
import { createKeys, nowSeconds } from "../../helpers/tokens.ts";

const keys = createKeys();
const ROUNDS = 20;
const REQUESTS = 30;

describe("the first requests of a token, at once", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    // One thread, so that all wait for one question and look in one cache.
    edge = await startEdge(stack, { keys, threads: 1 });
  });
  afterAll(() => stack.disposeAsync());

  test.each(["haproxy.cfg", "enforce.cfg"])(
    "carry the claims and set their variables, all of them, with %s",
    async (config) => {
      const front = config === "haproxy.cfg" ? edge : await edge.beside({ config, threads: 1 });
      for (let round = 0; round < ROUNDS; round++) {
        const exp = nowSeconds() + 600;
        const text = `{"sub":"user-${round}","username":"u${round}","n":"${config}","exp":${exp}}`;
        const token = mint(keys.rs, text);
        const asked = Array.from({ length: REQUESTS }, () => front.ask(token));
        for (const answer of await Promise.all(asked)) expectValid(answer, text);
      }
      const lines = readFileSync(front.haproxy.logFile, "utf8").split("\n");
      const ok = lines.filter((line) => line.includes(" reason=ok "));
      expect(ok).toHaveLength(ROUNDS * REQUESTS);
      expect(ok.filter((line) => !/ username="u\d+" sub="user-\d+"/.test(line))).toEqual([]);
    },
  );
});
