/** Good tokens and bad ones, as many of either: HAProxy with keys, HAProxy without and the server say the same of each, and jose too. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  JWE_ALGORITHMS,
  JWE_ENCRYPTIONS,
  JWS_ALGORITHMS,
} from "../../src/core/token/algorithms.ts";
import { type Answer, identityOf } from "../helpers/answer.ts";
import { createDecryptionKey, encrypt } from "../helpers/decryption-keys.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { createJoseOpinion, type JoseAccepts } from "../helpers/jose-opinion.ts";
import { headerOf, mint, shapeOf, splitToken, withPart } from "../helpers/mint.ts";
import { createRandom, mutate } from "../helpers/mutations.ts";
import { isLookUp, waitUntilRemembering, writeRoutedConfig } from "../helpers/routes.ts";
import { ALGORITHMS, createSigningKey } from "../helpers/signing-keys.ts";
import { claims, createKeys } from "../helpers/tokens.ts";
import { countVerdicts, type JudgingPath } from "../helpers/verdict-counts.ts";
import { waitFor } from "../helpers/wait-for.ts";

const keys = createKeys();
const signing = ALGORITHMS.map((alg) => createSigningKey(alg));
const decrypting = [...JWE_ALGORITHMS.keys()].flatMap((alg) =>
  (alg === "dir" ? [...JWE_ENCRYPTIONS.keys()] : [encryptionFor(alg)]).map((enc) =>
    createDecryptionKey(alg, enc),
  ),
);
/** As many good tokens of each algorithm as bad ones. */
const PER_ALGORITHM = process.env["FULL"] === undefined ? 32 : 200;
const seed = Number(process.env["JWT_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 32));
const random = createRandom(seed);

/** An algorithm, and how its good tokens are made. */
interface Kind {
  readonly name: string;
  readonly make: (text: string) => string | Promise<string>;
  readonly isJwe: boolean;
  /** Where the edge whose HAProxy has the keys verifies it. */
  readonly path: JudgingPath;
}

const inner = createSigningKey("ES256", "inner");
const KINDS: readonly Kind[] = [
  ...signing.map((key): Kind => ({
    name: key.alg,
    make: (text) => mint(key, text),
    isJwe: false,
    path: /^(HS|RS|ES)/.test(key.alg) ? "haproxy" : "server",
  })),
  ...decrypting.map((key): Kind => ({
    name: `${key.alg} ${key.enc}`,
    make: (text) =>
      // To a public key anybody can encrypt, so a signature must be inside.
      /^(RSA|ECDH)/.test(key.alg)
        ? encrypt(key, mint(inner, text), { cty: "JWT" })
        : encrypt(key, text),
    isJwe: true,
    path: "jwe",
  })),
];

/** Each of the content encryptions with some of the algorithms. */
function encryptionFor(alg: string): string {
  const all = [...JWE_ENCRYPTIONS.keys()];
  return all[[...JWE_ALGORITHMS.keys()].indexOf(alg) % all.length] ?? "A128GCM";
}

/** Claims that differ from others in more than their identifier. */
function someClaims(): Record<string, unknown> {
  const size = Math.floor(random() * 300);
  const text = ["p".repeat(size), "Zoë 東京 🦊", "\u0000\r\n", '"{[]}"'][size % 4];
  return claims({
    st: size % 2,
    n: random() * 10 ** (size % 20),
    list: [{ text }, null, []],
    text,
  });
}

/** A token whose parts' last characters have no unused bits set: the only other way to write the same bytes. */
function canonical(token: string): string {
  return splitToken(token)
    .map((part) => Buffer.from(part, "base64url").toString("base64url"))
    .join(".");
}

const [hs] = signing;
const [rsaOaep] = decrypting.filter(({ alg }) => alg === "RSA-OAEP");
if (hs === undefined || rsaOaep === undefined) throw new TypeError("no keys");

/** In what the product is stricter than jose, by its rules for texts, keys and claims. */
const STRICTER: readonly (readonly [what: string, detail: string, make: Kind["make"]])[] = [
  ["unused bits", "malformed", (text) => withUnusedBits(mint(hs, text))],
  ["a member twice in the header", "malformed", (text) => mint(hs, text, TWICE)],
  ["claims that are no UTF-8", "malformed", () => mint(hs, Buffer.from('{"a":"\xff"}', "latin1"))],
  ["claims that are no object", "malformed", () => mint(hs, [1])],
  ["claims twice", "malformed", (text) => mint(hs, text.replace("{", '{"exp":1,'))],
  ["a key that is not the named one", "unknown_key", (text) => mint(hs, text, OTHER_KID)],
  ["a token that has ended", "expired", () => mint(hs, claims({ exp: 1 }))],
  ["claims that anybody encrypted", "malformed", (text) => encrypt(rsaOaep, text)],
];
const TWICE = `{"alg":"HS256","kid":"${hs.kid}","kid":"${hs.kid}"}`;
const OTHER_KID = { ...headerOf(hs), kid: "nobody" };

function askAll(edge: Edge, tokens: readonly string[]): Promise<readonly Answer[]> {
  return Promise.all(tokens.map((token) => edge.ask(token)));
}

/** Sets a bit that its last character has beyond the last byte. */
function withUnusedBits(token: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.slice(-1)) + 1];
}

describe(`every way of verifying (JWT_TEST_SEED=${seed})`, () => {
  const stack = new AsyncDisposableStack();
  let joseAccepts: JoseAccepts;
  let edges: readonly { readonly edge: Edge; readonly hasKeys: boolean }[] = [];
  beforeAll(async () => {
    joseAccepts = await createJoseOpinion(signing, decrypting);
    const plain = await startEdge(stack, {
      keys,
      keyFile: { keys: [...signing, inner].map((key) => key.jwk) },
      decryptFile: { keys: decrypting.map((key) => key.jwk) },
    });
    const config = writeRoutedConfig(plain.folder, "haproxy.cfg");
    edges = await Promise.all(
      [true, false].map(async (hasKeys) => ({
        edge: await plain.beside({ config, threads: 1, verifiesInHaproxy: hasKeys }),
        hasKeys,
      })),
    );
    const [any] = signing;
    if (any === undefined) throw new TypeError("no keys");
    for (const { edge } of edges) await waitUntilRemembering(edge, mint(any, claims()));
  });
  afterAll(() => stack.disposeAsync());

  test("is tried with every algorithm that there is", () => {
    expect(new Set(signing.map(({ alg }): string => alg))).toEqual(new Set(JWS_ALGORITHMS.keys()));
    expect(new Set(decrypting.map(({ alg }) => alg))).toEqual(new Set(JWE_ALGORITHMS.keys()));
    expect(new Set(decrypting.map(({ enc }) => enc))).toEqual(new Set(JWE_ENCRYPTIONS.keys()));
  });

  test.each([...KINDS])("accepts good tokens of $name, new and known", async (kind) => {
    const texts = Array.from({ length: PER_ALGORITHM }, () => JSON.stringify(someClaims()));
    const tokens = await Promise.all(texts.map(async (text) => kind.make(text)));
    for (const token of tokens) expect(await joseAccepts(token)).toBe(true);
    const expectGood = (answers: readonly Answer[]) => {
      const bodies = answers.map((answer) => {
        const { valid, reason, body } = identityOf(answer);
        return `${valid} ${reason} ${body}`;
      });
      const wanted = texts.map((text) => `1 ok ${Buffer.from(text).toString("latin1")}`);
      expect(bodies).toEqual(wanted);
    };
    for (const { edge, hasKeys } of edges) {
      const path = kind.path === "haproxy" && !hasKeys ? "server" : kind.path;
      const before = await countVerdicts(edge.server, path);
      expectGood(await askAll(edge, tokens));
      expect(await countVerdicts(edge.server, path)).toBe(before + PER_ALGORITHM);
      const rounds: (readonly Answer[])[] = [];
      // Where the lease was late, they are asked about once more.
      await waitFor("them to be known", async () => {
        const asked = await countVerdicts(edge.server);
        const answers = await askAll(edge, tokens);
        rounds.push(answers);
        if ((await countVerdicts(edge.server)) !== asked) return false;
        // A JWE has a header more than the look-up can bring.
        return answers.every((answer) => isLookUp(answer) === !kind.isJwe);
      });
      for (const answers of rounds) expectGood(answers);
    }
    const [first] = edges;
    for (const token of tokens) {
      expect(await first?.edge.server.judge(token)).toMatchObject({ valid: "1", reason: "ok" });
    }
  });

  /** What all of them say of a token, asked twice. */
  const verdictOf = async (token: string): Promise<string> => {
    const said: string[] = [];
    for (let time = 0; time < 2; time++) {
      const answers = await Promise.all(edges.map(({ edge }) => edge.ask(token)));
      said.push(...answers.map((answer) => toText(identityOf(answer))));
    }
    const [first] = edges;
    // An empty body is no token to the server either; HTTP cannot carry some tokens that a header can.
    said.push(toText((await first?.edge.server.judge(token)) ?? {}));
    if (new Set(said).size !== 1) {
      throw new Error(`they differ over ${shapeOf(token)}: ${said.join(" / ")}`);
    }
    return said[0] ?? "";
  };

  test.each([...KINDS])("refuses every mutation of $name, as jose does", async ({ make }) => {
    const token = await make(JSON.stringify(someClaims()));
    for (const mutation of mutate(token, PER_ALGORITHM, random)) {
      const verdict = await verdictOf(mutation.token);
      if (verdict.startsWith("1")) {
        throw new Error(`FALSE ACCEPTANCE of ${mutation.what}: ${shapeOf(mutation.token)}`);
      }
      // The one class of them in which it is stricter than jose.
      if (canonical(mutation.token) === token) continue;
      expect([mutation.what, await joseAccepts(mutation.token)]).toEqual([mutation.what, false]);
    }
    // The control: it was the change that was refused.
    expect(await verdictOf(token)).toBe("1 ok undefined");
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

  test.each([...STRICTER])("refuses %s, which jose takes: %s", async (_, detail, make) => {
    const token = await make(JSON.stringify(someClaims()));
    expect(await joseAccepts(token)).toBe(true);
    expect(await verdictOf(token)).toBe(`0 E_TKN_INVALID ${detail}`);
  });
});

function toText(said: {
  readonly valid?: string | undefined;
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
}): string {
  return `${said.valid} ${said.reason} ${said.detail}`;
}
