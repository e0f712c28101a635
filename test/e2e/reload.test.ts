import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { startLoad } from "../helpers/load.ts";
import { type Master, startMaster } from "../helpers/master.ts";
import { mint } from "../helpers/mint.ts";
import { claims, createKeys, forgedToken } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

const keys = createKeys();
const RELOADS = process.env["FULL"] === undefined ? 8 : 100;

// Without the key there is no feed, and other connections are what a process could wait for at its end.
describe.each(["with", "without"])("under load, %s the verifier key", (has) => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  let master: Master;
  beforeAll(async () => {
    edge = await startEdge(stack, { keys });
    master = await startMaster(stack, {
      folder: edge.folder,
      env: {
        JWT_JWKS_FILE: edge.keyFile,
        ...(has === "with" ? { JWT_VERIFIER_KEY: edge.server.verifierKey } : {}),
        JWT_UPSTREAM: `127.0.0.1:${edge.upstream.port}`,
        JWT_TOKEN_SERVER: `127.0.0.1:${edge.server.port}`,
      },
    });
  });
  afterAll(() => stack.disposeAsync());

  const known = mint(keys.rs, claims());
  const forged = forgedToken(keys);
  const startClients = () => {
    let count = 0;
    return startLoad(
      stack,
      master.port,
      () => {
        count++;
        if (count % 3 === 0) return { kind: "good", token: known };
        if (count % 3 === 1) return { kind: "bad", token: forged };
        return { kind: "good", token: mint(keys.hs, claims()) };
      },
      { clients: 8, pauseMs: 5 },
    );
  };

  test(`${RELOADS} reloads of HAProxy fail no request and give no wrong verdict`, async () => {
    const load = startClients();
    for (let i = 0; i < RELOADS; i++) {
      const before = load.observations.length;
      await master.reload();
      await waitFor("requests after the reload", () => load.observations.length > before + 40);
    }
    await load.stop();
    const wrong = load.observations.filter(
      (o) => o.status !== 200 || o.valid !== (o.kind === "good" ? "1" : "0"),
    );
    expect(wrong.map((o) => [o.kind, o.status, o.valid, o.reason])).toEqual([]);
  }, 600_000);

  test("and leave one process, where no client holds another", async () => {
    const theOnly = () => {
      const [worker, ...others] = master.workers();
      return others.length === 0 && worker;
    };
    const old = await waitFor("the old processes to end", theOnly);
    await master.reload();
    await waitFor("the new process to be alone", () => {
      const now = theOnly();
      return now !== old && now;
    });
  });

  test("restarts of the server give no wrong verdict", async () => {
    const load = startClients();
    for (let i = 0; i < Math.max(3, RELOADS / 4); i++) {
      const before = load.observations.length;
      await edge.server.stop();
      await edge.server.start();
      await waitFor("requests after the restart", () => load.observations.length > before + 40);
    }
    await load.stop();
    const wrong = load.observations.filter(
      (o) =>
        o.status !== 200 ||
        (o.kind === "bad" ? o.valid !== "0" : o.valid !== "1" && o.reason !== "E_BACKEND_UNAVAIL"),
    );
    expect(wrong.map((o) => [o.kind, o.status, o.valid, o.reason])).toEqual([]);
  }, 600_000);
});
