import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Edge, startEdge } from "../../helpers/edge.ts";
import { expectRefused, expectValid } from "../../helpers/expect-verdict.ts";
import { type KeySource, startKeySource, toAnswer } from "../../helpers/key-source.ts";
import { headerOf, mint } from "../../helpers/mint.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
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
        expectRefused(await edge.ask(token), {}, token);
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
