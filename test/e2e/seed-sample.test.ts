import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { identityOf, toAnswer } from "../helpers/answer.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { type Haproxy, startHaproxy } from "../helpers/haproxy.ts";
import { type KeySource, startKeySource, toAnswer as toKeys } from "../helpers/key-source.ts";
import { mint } from "../helpers/mint.ts";
import { findFreePort } from "../helpers/ports.ts";
import { exchange, toRequest } from "../helpers/raw-client.ts";
import { seedConfig } from "../helpers/seed-config.ts";
import { claims, createKeys, foreignToken, forgedToken } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

const keys = createKeys();

describe("the seed's sample configuration", () => {
  const stack = new AsyncDisposableStack();
  let edge: Edge;
  let source: KeySource;
  let haproxy: Haproxy;
  beforeAll(async () => {
    source = await startKeySource(stack);
    source.answer(toKeys([keys.hs.entry, keys.rs.entry, keys.es.entry]));
    edge = await startEdge(stack, { keys });
    const port = await findFreePort();
    const config = join(edge.folder, "seed.cfg");
    writeFileSync(
      config,
      seedConfig({
        keyFile: edge.keyFile,
        keyUrl: source.url(),
        bind: `127.0.0.1:${port}`,
        upstream: `127.0.0.1:${edge.upstream.port}`,
        server: `127.0.0.1:${edge.server.port}`,
      }),
    );
    // No variable beside the file's own: no verifier key either.
    haproxy = await startHaproxy(stack, { folder: edge.folder, config, env: {}, port });
  });
  afterAll(() => stack.disposeAsync());

  const ask = async (token?: string, lines: readonly string[] = []) => {
    const bearer = token === undefined ? [] : [`authorization: JWT ${token}`];
    return toAnswer(await exchange(haproxy.port, toRequest([...bearer, ...lines])));
  };

  test.each(["hs", "rs", "es"] as const)(
    "accepts a good %s token, its claims byte for byte",
    async (kind) => {
      const text = JSON.stringify(claims());
      const token = mint(keys[kind], text);
      expectValid(await ask(token), text);
      expectValid(await ask(token), text);
    },
  );

  test("refuses forged, foreign and absent tokens", async () => {
    expectRefused(await ask(forgedToken(keys)), { detail: "signature" });
    expectRefused(await ask(foreignToken(keys)), { detail: "signature" });
    expectRefused(await ask(), { detail: "missing" });
  });

  test("strips a client's own headers without the strip line too", async () => {
    for (const name of ["x-tkn-valid", "X-TKN-Body", "x_tkn_valid", "x.tkn.valid", "x-tkn"]) {
      const answer = await ask(undefined, [`${name}: 1`]);
      expect(identityOf(answer).valid).toBe("0");
      expect(answer.delivered?.bytes.toString("latin1").match(/: 1\r\n/g)).toBeNull();
    }
  });

  test("enforces a revocation within its three seconds", async () => {
    const token = mint(keys.rs, claims({ username: "leaver", sub: "leaver" }));
    expectValid(await ask(token));
    await edge.server.run("revoke", "user", "leaver", "--reason", "test");
    const isRevoked = async () => identityOf(await ask(token)).detail === "revoked";
    await waitFor("the revocation to be enforced", isRevoked, 3500);
  });

  test("says so while the token-server is away, and recovers", async () => {
    await edge.server.kill();
    expectRefused(await ask(mint(keys.rs, claims())), { reason: "E_BACKEND_UNAVAIL" });
    await edge.server.start();
    await waitFor(
      "valid tokens to be accepted",
      async () => {
        expectValid(await ask(mint(keys.rs, claims())));
        return true;
      },
      2500,
    );
  });
});
