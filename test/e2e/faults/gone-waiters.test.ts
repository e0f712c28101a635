/** Requests that wait for one answer and are reset leave nothing behind that keeps others from waiting (P3, P11). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { identityOf } from "../../helpers/answer.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { mint } from "../../helpers/mint.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
/** Together more than may wait at a time. */
const CONNECTIONS = 30;
const STREAMS = 90;
const TOGETHER = 5;

describe("many requests of one token, reset while they wait", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  beforeAll(async () => {
    // HAProxy logs that it took the actions' turn away; that is what is being tested.
    edge = await startEdge(stack, {
      keys,
      threads: 1,
      verifiesInHaproxy: false,
      withCable: true,
      mayLogLuaErrors: true,
    });
  });
  afterAll(() => stack.disposeAsync());

  /** As many as bring one new token at once. */
  const verdictsOfOne = async () => {
    const token = mint(keys.rs, claims({ jti: crypto.randomUUID() }));
    const answers = await Promise.all(Array.from({ length: TOGETHER }, () => edge.ask(token)));
    return answers.map((answer) => identityOf(answer).valid);
  };
  const good = Array.from({ length: TOGETHER }, () => "1");

  test("leave the others their place", async () => {
    expect(await verdictsOfOne()).toEqual(good);
    await edge.cable?.set({ kind: "slow", delayMs: 80 });
    for (let n = 0; n < CONNECTIONS; n++) {
      await resetMany(edge, mint(keys.rs, { sub: `nobody-${n}`, exp: 1 }));
    }
    await edge.cable?.set({ kind: "pass" });
    await waitFor("the slow answers to be over", async () => (await verdictsOfOne())[0] === "1");
    expect(await verdictsOfOne()).toEqual(good);
  }, 60_000);
});

/** Opens streams that all wait for the answer about one token, and resets them. */
async function resetMany(edge: Edge, token: string): Promise<void> {
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${edge.haproxy.port}`);
  session.on("error", () => undefined);
  await new Promise((resolve) => session.once("connect", resolve));
  const before = edge.haproxy.program().output().length;
  const streams = Array.from({ length: STREAMS }, () => {
    const stream = session.request({ ":path": "/", authorization: `Bearer ${token}` });
    stream.on("error", () => undefined);
    stream.end();
    return stream;
  });
  await Bun.sleep(25);
  for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
  await waitFor("HAProxy to end them", () => edge.haproxy.program().output().length > before);
  session.destroy();
}
