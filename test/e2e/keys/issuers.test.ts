import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Appliance, startAppliance } from "../../helpers/appliance.ts";
import { createDecryptionKey, encrypt } from "../../helpers/decryption-keys.ts";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { type KeySource, startKeySource, toAnswer } from "../../helpers/key-source.ts";
import { headerOf, mint } from "../../helpers/mint.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";

const keys = createKeys();
const keyOfA = createSigningKey("RS256", "same-kid");
const keyOfB = createSigningKey("RS256", "same-kid");
const ownOfB = createSigningKey("ES256", "only-b");
/** By the name of one in the key file, which HAProxy verifies with. */
const namesakeOfB = createSigningKey("RS256", keys.rs.kid);

/** An issuer that is found by discovery (OpenID Connect Discovery 1.0 §4). */
async function startIssuer(
  stack: AsyncDisposableStack,
  jwks: readonly object[],
): Promise<KeySource> {
  const source = await startKeySource(stack);
  const issuer = `http://127.0.0.1:${source.port}`;
  source.answer(
    toAnswer({ issuer, jwks_uri: source.url("/jwks") }),
    "/.well-known/openid-configuration",
  );
  source.answer(toAnswer({ keys: jwks }), "/jwks");
  return source;
}

describe("keys of several issuers", () => {
  const stack = new AsyncDisposableStack();
  let edges: readonly Edge[] = [];
  let a = "";
  let b = "";
  beforeAll(async () => {
    const sourceA = await startIssuer(stack, [keyOfA.jwk]);
    const sourceB = await startIssuer(stack, [keyOfB.jwk, ownOfB.jwk, namesakeOfB.jwk]);
    a = `http://127.0.0.1:${sourceA.port}`;
    b = `http://127.0.0.1:${sourceB.port}`;
    const edge = await startEdge(stack, { keys, serverEnv: { JWT_OIDC_ISSUERS: `${a},${b}` } });
    edges = [edge, await edge.beside({ verifiesInHaproxy: false })];
  });
  afterAll(() => stack.disposeAsync());

  test("verify their own issuer's tokens, also under one kid", async () => {
    for (const edge of edges) {
      expectValid(await edge.ask(mint(keyOfA, claims({ iss: a }))));
      expectValid(await edge.ask(mint(keyOfB, claims({ iss: b }))));
      expectValid(await edge.ask(mint(ownOfB, claims({ iss: b }))));
    }
  });

  test("never verify another's", async () => {
    for (const edge of edges) {
      for (const [key, iss] of [
        [keyOfA, b],
        [keyOfB, a],
        [ownOfB, a],
      ] as const) {
        const token = mint(key, claims({ iss }));
        expectRefused(await edge.ask(token), { detail: ["signature", "unknown_key"] }, token);
      }
    }
  });

  test.each([
    ["no iss", () => undefined],
    ["an issuer that nobody knows", () => "http://127.0.0.1:1"],
    ["an issuer that begins like theirs", () => `${b}/realm`],
    ["an issuer with a slash more", () => `${b}/`],
    ["an issuer in a list", () => [b]],
    ["both issuers in a list", () => [a, b]],
  ])("verify no token with %s", async (_, iss) => {
    for (const edge of edges) {
      for (const header of [headerOf(ownOfB), { alg: "ES256" }]) {
        const token = mint(ownOfB, claims({ iss: iss() }), header);
        expectRefused(await edge.ask(token), { detail: ["signature", "unknown_key"] }, token);
      }
    }
  });

  test("verify also by the name of a key that HAProxy has another of", async () => {
    for (const edge of edges) {
      expectValid(await edge.ask(mint(keys.rs, claims({ iss: "https://elsewhere.test" }))));
      expectValid(await edge.ask(mint(namesakeOfB, claims({ iss: b }))));
      for (const [key, iss] of [
        [namesakeOfB, a],
        [keys.foreign, b],
      ] as const) {
        const token = mint(key, claims({ iss }));
        expectRefused(await edge.ask(token), { detail: "signature" }, token);
      }
    }
  });

  test("stand beside the key file's, which serve every issuer", async () => {
    for (const edge of edges) {
      expectValid(await edge.ask(mint(keys.hs, claims({ iss: "https://elsewhere.test" }))));
      expect(await edge.server.isReady()).toBe(true);
    }
  });
});

describe("encrypted tokens of several issuers", () => {
  const A = "https://a.test";
  const B = "https://b.test";
  const C = "https://c.test";
  const shared = createDecryptionKey("dir", "A256GCM", "shared");
  const ofC = createDecryptionKey("dir", "A256GCM", "only-c");
  const stack = new AsyncDisposableStack();
  let server: Appliance;
  beforeAll(async () => {
    const folder = createTempFolder(stack);
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const decryptFile = write(
      "decrypt.json",
      JSON.stringify({ keys: [shared.jwk, { ...ofC.jwk, issuer: C }] }),
    );
    const keyFile = write("keys.json", JSON.stringify([keys.rs.entry]));
    const config = write(
      "server.toml",
      `decrypt_file = "${decryptFile}"
[[issuers]]
issuer = "${B}"
jwks_file = "${keyFile}"
algorithms = ["RS256"]
[[issuers]]
issuer = "${C}"
algorithms = ["dir"]
`,
    );
    server = await startAppliance(stack, { folder, config });
  });
  afterAll(() => stack.disposeAsync());

  test.each([
    ["of an issuer without a list of algorithms, by a shared secret", shared, A, "ok"],
    ["of an issuer whose algorithms do not have its own", shared, B, "algorithm"],
    ["of an issuer whose algorithms have its own", ofC, C, "ok"],
    ["of another issuer than its key is bound to", ofC, A, "unknown_key"],
    ["of no issuer, by a key that is bound to one", ofC, undefined, "unknown_key"],
  ])("%s", async (_, key, iss, expected) => {
    const { valid, reason, detail } = await server.judge(await encrypt(key, claims({ iss })));
    expect(detail ?? reason).toBe(expected);
    expect(valid).toBe(expected === "ok" ? "1" : "0");
  });

  test("are judged by the signature inside, where there is one", async () => {
    const signed = await encrypt(shared, mint(keys.rs, claims({ iss: B })), { cty: "JWT" });
    expect(await server.judge(signed)).toMatchObject({ valid: "1", reason: "ok" });
  });
});
