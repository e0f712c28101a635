import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createPrivateKey } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Appliance, startAppliance } from "../helpers/appliance.ts";
import { type Edge, startEdge } from "../helpers/edge.ts";
import { expectNotAccepted, expectRefused, expectValid } from "../helpers/expect-verdict.ts";
import { mint, mintEncoded, splitToken } from "../helpers/mint.ts";
import {
  type Algorithm,
  ALGORITHMS,
  createSecretKey,
  type SigningKey,
  toSigningKey,
} from "../helpers/signing-keys.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";
import { claims, createKeys } from "../helpers/tokens.ts";
import { readVectors, vectorFiles, vectorFolder } from "../helpers/vectors.ts";

/** What these files are read as; a field that a file does not have is undefined. */
interface Vector {
  readonly test?: string;
  readonly id?: string;
  readonly tcId?: number;
  readonly comment?: string;
  readonly result?: string;
  readonly expected?: string;
  readonly jwt?: string;
  readonly jws?: unknown;
  readonly jwe?: unknown;
  readonly token?: string;
  readonly jwk?: Jwk | null;
  readonly jwks?: string;
}
type Jwk = Readonly<Record<string, string>>;
interface Group {
  readonly comment: string;
  readonly private: Jwk;
  readonly tests: readonly Vector[];
}
interface File {
  readonly tests?: readonly Vector[];
  readonly testGroups?: readonly Group[];
  readonly input?: { readonly key?: Jwk };
  readonly output?: { readonly compact?: string };
}

function read(...path: readonly string[]): File {
  return readVectors(...path) as File;
}

/** The key of a JWK, private half and all. */
function toKey(jwk: Jwk, kid: string): SigningKey | undefined {
  const alg = ALGORITHMS.find((name) => name === algOf(jwk));
  if (alg === undefined) return undefined;
  if (jwk["kty"] === "oct") {
    const secret = Buffer.from(jwk["k"] ?? "", "base64url");
    const key = createSecretKey(alg, kid);
    const sign = (data: Buffer) => new Bun.CryptoHasher(hashOf(alg), secret).update(data).digest();
    return { ...key, sign, jwk: { kty: "oct", kid, alg, k: jwk["k"] } };
  }
  if (jwk["d"] !== undefined) {
    return toSigningKey(alg, kid, createPrivateKey({ format: "jwk", key: jwk }));
  }
  const sign = () => {
    throw new TypeError(`${kid} has no private half`);
  };
  return { kid, alg, sign, entry: {}, jwk: { ...jwk, kid, alg } };
}

function algOf(jwk: Jwk): string {
  if (jwk["alg"] !== undefined) return jwk["alg"];
  const byCurve = new Map([
    ["P-256", "ES256"],
    ["P-384", "ES384"],
    ["P-521", "ES512"],
    ["Ed25519", "EdDSA"],
  ]);
  return byCurve.get(jwk["crv"] ?? "") ?? (jwk["kty"] === "RSA" ? "RS256" : "HS256");
}

function hashOf(alg: Algorithm): "sha256" | "sha384" | "sha512" {
  if (alg.endsWith("384")) return "sha384";
  return alg.endsWith("512") ? "sha512" : "sha256";
}

/** The `exp` in a payload part; never, when it has none. */
function endOf(payload: string): number {
  const found = /"exp":\s*(\d+)/.exec(Buffer.from(payload, "base64url").toString());
  return Number(found?.[1] ?? Number.POSITIVE_INFINITY);
}

/**
 * The keys of a set that a verifier must take, as `kty crv kid`. Envoy guesses a curve from `alg` or takes P-256; RFC 7518
 * §6.2.1.1 wants it named, and a key without it is left out here.
 */
function usableIn(set: string): string[] {
  const { keys } = JSON.parse(set) as { readonly keys: readonly Jwk[] };
  return keys
    .filter(({ kty, crv = "" }) =>
      kty === "EC" ? /^P-(256|384|521)$/.test(crv) : kty === "RSA" || crv === "Ed25519",
    )
    .map(nameOf);
}

/** The keys that a server publishes, as `kty crv kid`. */
async function publishedBy({ port }: Appliance): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`);
  const { keys } = (await response.json()) as { readonly keys: readonly Jwk[] };
  return keys.map(nameOf);
}

function nameOf({ kty = "", crv = "", kid = "" }: Jwk): string {
  return `${kty} ${crv} ${kid}`;
}

describe.skipIf(vectorFolder() === undefined)("public vectors", () => {
  const keys = createKeys();

  describe("of RFC 7515's appendix A", () => {
    const stack = new AsyncDisposableStack();
    const vectors =
      vectorFolder() === undefined ? [] : (read("rfc7515_appendix_a.json").tests ?? []);
    const published = vectors.flatMap(({ jwk, id = "" }) => {
      const key = jwk === null || jwk === undefined ? undefined : toKey(jwk, id);
      return key === undefined ? [] : [key];
    });
    let edge: Edge;
    beforeAll(async () => {
      // Without kid, as the tokens are: the one key that fits is taken.
      const bare = published.map((key) =>
        Object.fromEntries(Object.entries(key.jwk).filter(([name]) => name !== "kid")),
      );
      edge = await startEdge(stack, { keys, keyFile: { keys: bare } });
    });
    afterAll(() => stack.disposeAsync());

    test("A.1 to A.3 are authentic, and expired since 2011", async () => {
      for (const { token = "" } of vectors.slice(0, 3)) {
        const identity = expectRefused(await edge.ask(token), { detail: "expired" });
        const payload = Buffer.from(splitToken(token)[1] ?? "", "base64url").toString();
        expect(identity.body).toBe(payload.replaceAll(/[\r\n\t]/g, " "));
      }
    });
    test("A.4, which holds no claims, and A.5, which is unsecured, are refused", async () => {
      for (const { token = "" } of vectors.slice(3))
        expectRefused(await edge.ask(token), {}, token);
    });
    test("A.1's key, the one that is whole, verifies a token that is not over", async () => {
      const [hmac] = published;
      if (hmac === undefined) throw new TypeError("no key");
      expectValid(await edge.ask(mint(hmac, claims(), { alg: hmac.alg })));
    });
  });

  describe("of Wycheproof's JSON Web Crypto set", () => {
    const stack = new AsyncDisposableStack();
    const all =
      vectorFolder() === undefined
        ? []
        : (read("wycheproof_json_web_crypto_test.json").testGroups ?? []);
    const groups = all.filter((group) => group.private["kty"] !== undefined);
    const isWeak = ({ comment }: (typeof groups)[number]) => comment.includes("roca");
    const toKeys = (some: typeof groups) =>
      some.flatMap((group) => {
        const key =
          group.private["use"] === "sig"
            ? toKey(group.private, group.private["kid"] ?? "")
            : undefined;
        return key === undefined ? [] : [key];
      });
    const signing = toKeys(groups.filter((group) => !isWeak(group)));
    const weak = toKeys(groups.filter(isWeak));
    const decrypting = groups
      .filter((group) => group.private["use"] === "enc")
      .map((group) => group.private);
    let edge: Edge;
    beforeAll(async () => {
      edge = await startEdge(stack, {
        keys,
        keyFile: { keys: [...signing, ...weak].map((key) => key.jwk) },
        decryptFile: { keys: decrypting },
      });
    });
    afterAll(() => stack.disposeAsync());

    test.each(all.map((group) => [group.comment, group] as const))(
      "%s: none is accepted that must not be",
      async (_, group) => {
        for (const { jws, jwe } of group.tests) {
          const token = jws ?? jwe;
          // Also the ones that must be held for good have no claims inside, so that no gateway may let them in.
          expectNotAccepted(
            await edge.ask(typeof token === "string" ? token : JSON.stringify(token)),
            "",
          );
        }
      },
    );
    test("their keys verify tokens with claims", async () => {
      expect(signing.length).toBeGreaterThanOrEqual(3);
      for (const key of signing) expectValid(await edge.ask(mint(key, claims())));
    });
    test("their key of the broken generator verifies nothing", async () => {
      expect(weak.length).toBeGreaterThan(0);
      for (const key of weak) {
        const token = mint(key, claims());
        expectRefused(await edge.ask(token), {}, token);
      }
    });
    test("their tokens' tricks are refused with claims inside too", async () => {
      const [key] = signing;
      if (key === undefined) throw new TypeError("no key");
      const good = splitToken(mint(key, claims()));
      for (const parts of [
        [good[0], good[1], ""],
        [good[0], good[1]],
        [good[0], "", good[2]],
        ["", good[1], good[2]],
        [...good, ""],
        [...good, good[2]],
      ]) {
        expectRefused(await edge.ask(parts.join(".")), {}, parts.join("."));
      }
    });
  });

  describe("of the IETF JOSE cookbook", () => {
    const stack = new AsyncDisposableStack();
    const paths =
      vectorFolder() === undefined
        ? []
        : ["jws", "jwe", "curve25519", "rfc7797"].flatMap((folder) =>
            vectorFiles("ietf-jose-cookbook", folder).map(
              (name) => ["ietf-jose-cookbook", folder, name] as const,
            ),
          );
    const files = paths.map((path) => ({ name: path.slice(1).join("/"), file: read(...path) }));
    const signing = files.flatMap(({ name, file }) => {
      const jwk = file.input?.key;
      const key = jwk?.["kty"] === undefined || jwk["use"] === "enc" ? undefined : toKey(jwk, name);
      return key === undefined ? [] : [key];
    });
    let edge: Edge;
    beforeAll(async () => {
      edge = await startEdge(stack, {
        keys,
        keyFile: { keys: [keys.rs.jwk, ...signing.map((key) => key.jwk)] },
      });
    });
    afterAll(() => stack.disposeAsync());

    test("none is accepted: they hold prose, not claims", async () => {
      let count = 0;
      for (const { file } of files) {
        const token = file.output?.compact;
        if (token === undefined) continue;
        count++;
        expectNotAccepted(await edge.ask(token), token);
      }
      expect(count).toBeGreaterThan(10);
    });
    test("a good token is accepted beside their keys", async () => {
      expectValid(await edge.ask(mint(keys.rs, claims())));
    });
  });

  describe("of Envoy's JWT library, for parsing", () => {
    const stack = new AsyncDisposableStack();
    const vectors =
      vectorFolder() === undefined ? [] : (read("jwt_verify_lib_parse_cases.json").tests ?? []);
    let edge: Edge;
    beforeAll(async () => {
      edge = await startEdge(stack, {
        keys,
        keyFile: [
          { ...keys.rs.entry, kid: "af06c19f8e5b3315216df010fd2b9a93bac135c8" },
          keys.hs.entry,
        ],
        serverEnv: { JWT_REQUIRE_EXP: "false" },
      });
    });
    afterAll(() => stack.disposeAsync());

    test.each(vectors.map((vector) => [vector.test ?? "", vector] as const))(
      "%s",
      async (_, { jwt = "", expected }) => {
        expectNotAccepted(await edge.ask(jwt), jwt);
        const [header = "", payload = ""] = splitToken(jwt);
        const key = Buffer.from(header, "base64url").includes("HS256") ? keys.hs : keys.rs;
        const answer = await edge.ask(mintEncoded(key, header, payload));
        if (expected === "Ok") {
          // Signed by a key of ours: all that may be wrong with it now is its length, or that it is over.
          if (jwt.length > 8192) expectRefused(answer, { detail: "too_large" });
          else if (endOf(payload) < Date.now() / 1000) expectRefused(answer, { detail: "expired" });
          else expectValid(answer);
        } else if (/Base64|Json|Alg|Kid|NotInteger|TooBig|TooMany/.test(expected ?? "")) {
          expectRefused(answer, {}, jwt);
        }
      },
    );
  });

  describe("of Envoy's JWT library, for key sets", () => {
    const stack = new AsyncDisposableStack();
    const vectors =
      vectorFolder() === undefined ? [] : (read("jwt_verify_lib_jwks_cases.json").tests ?? []);
    // Envoy takes a PEM file or a map of certificates where this product takes the seed's list or RFC 7517.
    const sets = vectors.filter(({ jwks = "" }) => jwks.includes('"keys"'));
    afterAll(() => stack.disposeAsync());

    test.each(sets.map((vector) => [vector.test ?? "", vector] as const))(
      "%s",
      async (_, { jwks = "", expected }) => {
        const folder = join(createTempFolder(stack), "server");
        mkdirSync(folder);
        const keyFile = join(folder, "keys.json");
        writeFileSync(keyFile, jwks);
        await using own = new AsyncDisposableStack();
        const server = await startAppliance(own, {
          folder,
          env: { JWT_JWKS_FILE: keyFile },
          until: "up",
        });
        if (expected === "Ok") {
          const usable = usableIn(jwks);
          expect(await publishedBy(server)).toEqual(usable);
          expect(await server.isReady()).toBe(usable.length > 0);
          return;
        }
        // A set that is refused, or whose only key is, leaves nothing to verify with.
        expect(await server.isReady()).toBe(false);
        expect(await publishedBy(server)).toEqual([]);
      },
    );
  });
});
