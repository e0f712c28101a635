/** One request, one name: what a client's request is called stands in the token-server's log too. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { identityOf } from "../../helpers/answer.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { mint } from "../../helpers/mint.ts";
import { claims } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("a request's name", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { serverEnv: { JWT_LOG_LEVEL: "debug" } });
  });
  afterAll(() => stack.disposeAsync());

  const log = () => readFileSync(edge.server.logFile, "utf8");
  const token = (user: string) => mint(edge.keys.rs, claims({ username: user }));

  test("goes with the question into the token-server's log", async () => {
    const answer = await edge.ask(token("ann"), [
      "X-Request-Id: shop-17",
      `traceparent: ${PARENT}`,
    ]);
    expect(identityOf(answer).valid).toBe("1");
    const line = await waitFor("the request's line", () =>
      log()
        .split("\n")
        .find((one) => one.includes('"shop-17"')),
    );
    expect(JSON.parse(line)).toMatchObject({
      requestId: "shop-17",
      traceparent: PARENT,
      status: 200,
    });
  });

  test("does not go there where it could be a token or a second line", async () => {
    const secret = token("eve");
    const answer = await edge.ask(token("bob"), [`X-Request-Id: ${secret}`]);
    expect(identityOf(answer).valid).toBe("1");
    expect(log()).not.toContain(secret);
  });
});
