import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { identityOf, toAnswer } from "../helpers/answer.ts";
import { ROOT } from "../helpers/appliance.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { type Haproxy, startHaproxy } from "../helpers/haproxy.ts";
import { type KeySource, startKeySource, toAnswer as toKeys } from "../helpers/key-source.ts";
import { mint } from "../helpers/mint.ts";
import { findFreePort } from "../helpers/ports.ts";
import { exchange, toRequest } from "../helpers/raw-client.ts";
import { claims, createKeys, foreignToken, forgedToken } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

const keys = createKeys();

/** The seed's sample with its paths, addresses and ports, and with what its "# ..." stands for. */
function sample(at: {
  readonly keyFile: string;
  readonly keyUrl: string;
  readonly port: number;
  readonly upstream: number;
  readonly server: number;
}): string {
  return `global
  setenv JWT_JWKS_FILE ${at.keyFile}
  setenv JWT_JWKS_URL ${at.keyUrl}
  setenv JWT_SYNC_INTERVAL 400
  setenv JWT_CACHE_TTL 3
  setenv JWT_TOKEN_SERVER_BACKEND jwt-token-server

  lua-load ${join(ROOT, "lua", "verify-jwt.lua")}

defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 5s

listen fe_main
    bind 127.0.0.1:${at.port}
    http-request lua.verify-jwt
    server app 127.0.0.1:${at.upstream}

backend jwt-token-server
  server s1 127.0.0.1:${at.server} check inter 1s fall 5 rise 1
`;
}

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
      sample({
        keyFile: edge.keyFile,
        keyUrl: source.url(),
        port,
        upstream: edge.upstream.port,
        server: edge.server.port,
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
