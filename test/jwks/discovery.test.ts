import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { discoverJwksUrl } from "../../src/jwks/discovery.ts";
import { FetchTextError } from "../../src/jwks/fetch-text.ts";
import { type KeySource, startKeySource, toAnswer, toRedirect } from "../helpers/key-source.ts";

const PATH = "/.well-known/openid-configuration";
const LIMITS = { timeoutMs: 5000, maxBytes: 64 * 1024 };

const stack = new AsyncDisposableStack();
let source: KeySource;
beforeAll(async () => {
  source = await startKeySource(stack);
});
afterAll(() => stack.disposeAsync());

/** The issuer that the source plays. */
function issuer(path = ""): string {
  return source.url(path);
}

function describeAs(members: object, path = PATH): void {
  source.answer(toAnswer(members), path);
}

describe("discoverJwksUrl", () => {
  test("takes the address that the issuer names", async () => {
    describeAs({ issuer: issuer(), jwks_uri: source.url("/keys") });
    expect(await discoverJwksUrl(issuer(), LIMITS)).toBe(source.url("/keys"));
  });

  test("asks below an issuer that has a path, with and without a slash", async () => {
    describeAs({ issuer: issuer("/tenant"), jwks_uri: "https://x.example/k" }, `/tenant${PATH}`);
    expect(await discoverJwksUrl(issuer("/tenant"), LIMITS)).toBe("https://x.example/k");
    describeAs({ issuer: issuer("/tenant/"), jwks_uri: "https://x.example/k" }, `/tenant${PATH}`);
    expect(await discoverJwksUrl(issuer("/tenant/"), LIMITS)).toBe("https://x.example/k");
  });

  test.each<readonly [name: string, members: () => object]>([
    ["another issuer", () => ({ issuer: "https://evil.example", jwks_uri: source.url("/k") })],
    ["its issuer with a slash", () => ({ issuer: `${issuer()}/`, jwks_uri: source.url("/k") })],
    ["another tenant", () => ({ issuer: issuer("/b"), jwks_uri: source.url("/k") })],
    ["no issuer", () => ({ jwks_uri: source.url("/k") })],
    ["an issuer list", () => ({ issuer: [issuer()], jwks_uri: source.url("/k") })],
    ["no address", () => ({ issuer: issuer() })],
    ["an address that is a list", () => ({ issuer: issuer(), jwks_uri: [source.url("/k")] })],
    ["a relative address", () => ({ issuer: issuer(), jwks_uri: "/keys" })],
    ["a file", () => ({ issuer: issuer(), jwks_uri: "file:///etc/passwd" })],
    ["data in its place", () => ({ issuer: issuer(), jwks_uri: "data:application/json,[]" })],
    ["a list", () => [issuer()]],
  ])("refuses a document that names %s", async (_, members) => {
    describeAs(members());
    expect(discoverJwksUrl(issuer(), LIMITS)).rejects.toThrow(FetchTextError);
    describeAs({ issuer: issuer(), jwks_uri: source.url("/k") });
    expect(await discoverJwksUrl(issuer(), LIMITS)).toBe(source.url("/k"));
  });

  test("refuses two issuers in one document, the second of them the right one", async () => {
    const text = `{"issuer":"https://evil.example","issuer":"${issuer()}","jwks_uri":"https://x"}`;
    source.answer(toAnswer(text), PATH);
    expect(discoverJwksUrl(issuer(), LIMITS)).rejects.toThrow("not JSON");
  });

  test("does not follow a redirect", async () => {
    source.answer(toRedirect(source.url("/elsewhere")), PATH);
    expect(discoverJwksUrl(issuer(), LIMITS)).rejects.toThrow("302");
    expect(source.fetches).not.toContain("/elsewhere");
  });

  test("does not go from https to http for the keys", async () => {
    let keys = source.url("/k");
    let name = "";
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: await selfSigned(),
      fetch: () => Response.json({ issuer: name, jwks_uri: keys }),
    });
    name = `https://127.0.0.1:${server.port}`;
    stack.defer(() => server.stop(true));
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      expect(await failure(name)).toMatch(/no usable jwks_uri/);
      keys = "https://127.0.0.1/k";
      expect(await discoverJwksUrl(name, LIMITS)).toBe(keys);
    } finally {
      if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
    }
    expect(await failure(name)).toMatch(/cannot be reached/);
  });
});

async function failure(name: string): Promise<string> {
  const error = await discoverJwksUrl(name, LIMITS).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(FetchTextError);
  return String(error);
}

async function selfSigned(): Promise<{ cert: string; key: string }> {
  const made = Bun.spawnSync([
    "openssl",
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -days 1".split(
      " ",
    ),
    "-keyout",
    "-",
    "-out",
    "-",
  ]);
  const text = made.stdout.toString();
  const cut = text.indexOf("-----BEGIN CERTIFICATE");
  return { key: text.slice(0, cut), cert: text.slice(cut) };
}
