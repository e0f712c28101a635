import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkConfig, loadForServer } from "../../src/app/check-config.ts";
import { ConfigError, type ConfigInput } from "../../src/config/load.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
let folder = "";
beforeEach(() => {
  folder = createTempFolder(stack);
});

function write(text: string): string {
  const path = join(folder, "keys.json");
  writeFileSync(path, text);
  return path;
}

function input(environment: Readonly<Record<string, string>>): ConfigInput {
  const defaultFile = join(folder, "default.toml");
  return { flags: new Map(), environment, file: undefined, defaultFile };
}

/** The problems as `key: message`. */
async function problems(
  environment: Readonly<Record<string, string>>,
  installedKey?: string,
): Promise<string[]> {
  const error: unknown = await checkConfig(input(environment), installedKey).catch(
    (cause: unknown) => cause,
  );
  if (!(error instanceof ConfigError)) return [];
  return error.problems.map(({ key, message }) => `${key}: ${message}`);
}

const GOOD = { kid: "good", secret: "s".repeat(64) };
const SHORT = { kid: "short", secret: "too-short-canary" };
const PRIVATE = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

describe("checkConfig", () => {
  test("warns of a variable that nobody reads, and is content with one of HAProxy's side", async () => {
    expect(await checkConfig(input({ JWT_LISTN: "1", JWT_CACHE_TTL: "5" }))).toEqual([
      "JWT_LISTN is no setting, neither of the server nor of HAProxy's side",
    ]);
  });

  test("names the installed verifier key where it counts and cannot be used", async () => {
    const installed = join(folder, "verifier.key");
    writeFileSync(installed, "0123456789abcdef");
    const found = (environment = {}) => problems(environment, installed);
    expect(await found()).toEqual([]);
    writeFileSync(installed, "too-short");
    const problem = `JWT_VERIFIER_KEY: its file ${installed} must have at least 16 printable`;
    expect(await found({ JWT_LOG_LEVEL: "x" })).toEqual([
      expect.stringMatching(/^JWT_LOG_LEVEL: /),
      expect.stringContaining(problem),
    ]);
    expect(await found({ JWT_VERIFIER_KEY: "fedcba9876543210" })).toEqual([]);
  });

  test("names settings and files at once", async () => {
    expect(
      await problems({
        JWT_LOG_LEVEL: "x",
        JWT_ADMIN_LISTEN: "0.0.0.0:4001",
        JWT_JWKS_FILE: "/none-a,/none-b",
        JWT_DECRYPT_FILE: "/none-c",
      }),
    ).toEqual([
      expect.stringMatching(/^JWT_LOG_LEVEL: /),
      expect.stringMatching(/^JWT_ADMIN_ORIGIN: /),
      "JWT_DECRYPT_FILE: /none-c cannot be read",
      "JWT_JWKS_FILE: /none-a: it cannot be read (ENOENT)",
      "JWT_JWKS_FILE: /none-b: it cannot be read (ENOENT)",
    ]);
  });

  test.each([
    ["broken JSON", '[{"kid"', "not JSON"],
    ["an empty list", "[]", "no key that can be used"],
    ["a private key", JSON.stringify(PRIVATE.export({ format: "jwk" })), "private"],
    ["a short secret", JSON.stringify([SHORT]), 'key "short": '],
  ])("refuses a key file of %s", async (_, text, words) => {
    const path = write(text);
    const found = await problems({ JWT_JWKS_FILE: path });
    expect(found).toHaveLength(1);
    expect(found[0]).toStartWith(`JWT_JWKS_FILE: ${path}: `);
    expect(found[0]).toContain(words);
    expect(found[0]).not.toContain("canary");
  });

  test("warns of a single key where another can be used", async () => {
    const path = write(JSON.stringify([GOOD, SHORT]));
    const warnings = await checkConfig(input({ JWT_JWKS_FILE: path }));
    expect(warnings).toEqual([expect.stringContaining(`${path}: key "short": `)]);
    write(JSON.stringify([GOOD]));
    expect(await checkConfig(input({ JWT_JWKS_FILE: path }))).toEqual([]);
  });

  test("takes a short secret for no fault where nobody can say whether it is allowed", async () => {
    const env = { JWT_JWKS_FILE: write(JSON.stringify([SHORT])), JWT_ALLOW_SHORT_SECRETS: "maybe" };
    expect(await problems(env)).toEqual([expect.stringMatching(/^JWT_ALLOW_SHORT_SECRETS: /)]);
  });

  test("names the table of an issuer by its key", async () => {
    const file = join(folder, "own.toml");
    writeFileSync(file, '[[issuers]]\nissuer = "https://a"\njwks_file = "/none"\n');
    const error: unknown = await checkConfig({ ...input({}), file }).catch(
      (cause: unknown) => cause,
    );
    expect(String(error)).toContain("issuers: /none: it cannot be read");
  });
});

describe("loadForServer", () => {
  test("names settings and decryption keys at once, and waits for a key file", () => {
    const files = { JWT_DECRYPT_FILE: "/none", JWT_JWKS_FILE: "/none" };
    expect(() => loadForServer(input({ ...files, JWT_LOG_LEVEL: "x" }))).toThrow(
      /JWT_LOG_LEVEL: .*\nJWT_DECRYPT_FILE: \/none cannot be read$/,
    );
    const config = loadForServer(input({ JWT_JWKS_FILE: "/none" }));
    expect(config.settings.jwksFile).toEqual(["/none"]);
  });
});
