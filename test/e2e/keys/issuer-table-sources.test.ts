/** Where a table of `[[issuers]]` may take its keys from: each source's verify that issuer's tokens alone. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { startKeySource, toAnswer } from "../../helpers/key-source.ts";
import { mint } from "../../helpers/mint.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const SOURCES = ["jwks_file", "jwks_url", "discovery"] as const;
const own = {
  jwks_file: createSigningKey("RS256", "by-file"),
  jwks_url: createSigningKey("ES256", "by-url"),
  discovery: createSigningKey("ES384", "by-discovery"),
};
const AUDIENCE = "everybody";

describe("keys of an [[issuers]] table", () => {
  const stack = new AsyncDisposableStack();
  const issuers = new Map<string, string>();
  let edges: readonly Edge[] = [];
  beforeAll(async () => {
    const folder = createTempFolder(stack);
    const source = await startKeySource(stack);
    const discovered = `http://127.0.0.1:${source.port}`;
    const found = { issuer: discovered, jwks_uri: source.url("/found") };
    source.answer(toAnswer(found), "/.well-known/openid-configuration");
    source.answer(toAnswer({ keys: [own.discovery.jwk] }), "/found");
    source.answer(toAnswer({ keys: [own.jwks_url.jwk] }), "/keys");
    const file = join(folder, "own.json");
    writeFileSync(file, JSON.stringify([own.jwks_file.jwk]));
    const config = join(folder, "haproxy-jwt.toml");
    issuers.set("jwks_file", "https://file.test").set("jwks_url", "https://url.test");
    issuers.set("discovery", discovered);
    const said = {
      jwks_file: `["${file}"]`,
      jwks_url: `"${source.url("/keys")}"`,
      discovery: "true",
    };
    const tables = SOURCES.map(
      (by) => `[[issuers]]\nissuer = "${issuers.get(by)}"\n${by} = ${said[by]}\n`,
    );
    writeFileSync(config, tables.join("\n"), { mode: 0o600 });
    const serverEnv = { JWT_AUDIENCE: AUDIENCE };
    const edge = await startEdge(stack, { keys, serverConfig: config, serverEnv });
    const all = join(folder, "all.json");
    writeFileSync(all, JSON.stringify(SOURCES.map((by) => own[by].jwk)));
    const haproxyEnv = { JWT_JWKS_FILE: `${edge.keyFile},${all}` };
    edges = [await edge.beside({ haproxyEnv }), await edge.beside({ verifiesInHaproxy: false })];
  });
  afterAll(() => stack.disposeAsync());

  test.each([...SOURCES])("by %s verify its tokens, under the common rules", async (by) => {
    for (const edge of edges) {
      const iss = issuers.get(by);
      expectValid(await edge.ask(mint(own[by], claims({ iss, aud: AUDIENCE }))));
      const astray = mint(own[by], claims({ iss, aud: "others" }));
      expectRefused(await edge.ask(astray), { detail: "audience" }, astray);
    }
  });

  test.each([...SOURCES])(
    "by %s verify nobody else's, and a common key everybody's",
    async (by) => {
      const others = [...issuers].filter(([other]) => other !== by).map(([, iss]) => iss);
      expect(others).toHaveLength(2);
      for (const edge of edges) {
        for (const iss of [...others, "https://elsewhere.test", undefined]) {
          const token = mint(own[by], claims({ iss, aud: AUDIENCE }));
          expectRefused(await edge.ask(token), { detail: "unknown_key" }, token);
          expectValid(await edge.ask(mint(keys.rs, claims({ iss, aud: AUDIENCE }))));
        }
      }
    },
  );
});
