import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { compactDecrypt, compactVerify, importJWK, type JWK } from "jose";
import { identityOf } from "../helpers/answer.ts";
import { createDecryptionKey, ENCRYPTIONS, encrypt } from "../helpers/decryption-keys.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { headerOf, mint, shapeOf, splitToken, withPart } from "../helpers/mint.ts";
import { createRandom, mutate } from "../helpers/mutations.ts";
import { ALGORITHMS, createSigningKey } from "../helpers/signing-keys.ts";
import { claims, createKeys } from "../helpers/tokens.ts";

const keys = createKeys();
const signing = ALGORITHMS.map((alg) => createSigningKey(alg));
const decrypting = [
  ...[...ENCRYPTIONS.keys()].map((enc) => createDecryptionKey("dir", enc)),
  ...["A128KW", "A192KW", "A256KW", "A128GCMKW", "A192GCMKW", "A256GCMKW"].map((alg) =>
    createDecryptionKey(alg, "A256GCM"),
  ),
  ...["RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"].map((alg) =>
    createDecryptionKey(alg, "A128CBC-HS256"),
  ),
];
const PER_TOKEN = process.env["FULL"] === undefined ? 12 : 200;
const seed = Number(process.env["JWT_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));

/** A good token of every algorithm. */
async function goodTokens(): Promise<(readonly [string, string])[]> {
  const [inner] = signing.filter((key) => key.alg === "ES256");
  if (inner === undefined) throw new TypeError("no ES256");
  const jws = signing.map((key) => [key.alg, mint(key, claims())] as const);
  const jwe = decrypting.map(async (key) => {
    const isPublic = /^(RSA|ECDH)/.test(key.alg);
    const token = isPublic
      ? encrypt(key, mint(inner, claims()), { cty: "JWT" })
      : encrypt(key, claims());
    return [`${key.alg} ${key.enc}`, await token] as const;
  });
  return [...jws, ...(await Promise.all(jwe))];
}

/** Whether jose holds the signature or tag for good; it knows nothing of our policy. */
async function joseAccepts(token: string): Promise<boolean> {
  for (const key of signing) {
    const jwk: JWK = { ...key.jwk };
    const isGood = await importJWK(jwk, key.alg)
      .then((imported) => compactVerify(token, imported, { algorithms: [key.alg] }))
      .then(
        () => true,
        () => false,
      );
    if (isGood) return true;
  }
  for (const key of decrypting) {
    const jwk: JWK = { ...key.jwk };
    const isGood = await importJWK(jwk, key.alg)
      .then((imported) => compactDecrypt(token, imported))
      .then(
        () => true,
        () => false,
      );
    if (isGood) return true;
  }
  return false;
}

describe(`every way of verifying (JWT_TEST_SEED=${seed})`, () => {
  const stack = new AsyncDisposableStack();
  let edges: readonly Edge[] = [];
  beforeAll(async () => {
    const edge = await startEdge(stack, {
      keys,
      keyFile: { keys: signing.map((key) => key.jwk) },
      decryptFile: { keys: decrypting.map((key) => key.jwk) },
    });
    edges = [edge, await edge.beside({ verifiesInHaproxy: false })];
  });
  afterAll(() => stack.disposeAsync());

  /** What HAProxy with keys, HAProxy without, and the server alone say; all the same. */
  const verdictOf = async (token: string): Promise<string> => {
    const said = await Promise.all(
      edges.map(async (edge) => {
        const { valid, reason, detail } = identityOf(await edge.ask(token));
        return `${valid} ${reason} ${detail}`;
      }),
    );
    const [edge] = edges;
    const alone = await edge?.server.judge(token);
    // An empty body is no token to the server either; HTTP cannot carry some tokens that a header can.
    said.push(`${alone?.valid} ${alone?.reason} ${alone?.detail}`);
    if (new Set(said).size !== 1) {
      throw new Error(`they differ over ${shapeOf(token)}: ${said.join(" / ")}`);
    }
    return said[0] ?? "";
  };

  test("accepts a good token of every algorithm", async () => {
    const verdicts: string[] = [];
    for (const [name, token] of await goodTokens()) {
      verdicts.push(`${name}: ${await verdictOf(token)}`);
      expect([name, await joseAccepts(token)]).toEqual([name, true]);
    }
    expect(verdicts.filter((line) => !line.endsWith(": 1 ok undefined"))).toEqual([]);
  });

  test.each([[null], [1], [true], [["JWT"]], [{ a: 1 }]])(
    "says the same of a typ, cty and kid that is %j, well and badly signed",
    async (value) => {
      for (const key of signing) {
        for (const name of ["typ", "cty", "kid"]) {
          const good = mint(key, claims(), { ...headerOf(key), [name]: value });
          const bad = withPart(good, 2, splitToken(mint(key, claims()))[2] ?? "");
          for (const token of [good, bad]) {
            expect(await verdictOf(token)).toBe("0 E_TKN_INVALID malformed");
          }
        }
      }
    },
  );

  test("refuses every mutation, and says the same of it", async () => {
    const random = createRandom(seed);
    for (const [name, token] of await goodTokens()) {
      for (const mutation of mutate(token, PER_TOKEN, random)) {
        const verdict = await verdictOf(mutation.token);
        if (verdict.startsWith("1")) {
          throw new Error(
            `FALSE ACCEPTANCE of ${name}, ${mutation.what}: ${shapeOf(mutation.token)}`,
          );
        }
      }
    }
  }, 300_000);
});
