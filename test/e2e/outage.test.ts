import { afterAll, beforeAll, describe, test } from "bun:test";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { mint } from "../helpers/mint.ts";
import { claims, createKeys, forgedToken } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

const keys = createKeys();
const UNAVAILABLE = { reason: "E_BACKEND_UNAVAIL", detail: "unavailable" };

describe("with the token-server away", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys });
    await edge.server.kill();
  });
  afterAll(() => stack.disposeAsync());

  test("refuses a good token as unavailable", async () => {
    expectRefused(await edge.ask(mint(keys.rs, claims())), UNAVAILABLE);
  });

  test("refuses the same token again as unavailable: an outage is not remembered as a verdict", async () => {
    const token = mint(keys.rs, claims());
    expectRefused(await edge.ask(token), UNAVAILABLE);
    await edge.server.start();
    await waitFor(
      "the token to be accepted",
      async () => {
        expectValid(await edge.ask(token));
        return true;
      },
      2500,
    );
    await edge.server.kill();
  });

  test("says of a forged token what HAProxy itself can tell, or that it cannot", async () => {
    expectRefused(await edge.ask(forgedToken(keys)), { detail: ["signature", "unavailable"] });
  });

  test("still says that a token is missing", async () => {
    expectRefused(await edge.ask(), { reason: "E_TKN_INVALID", detail: "missing" });
  });
});
