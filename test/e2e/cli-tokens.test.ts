/** Tokens and keys on the command line of the compiled binary. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createCommandLine, parseOutput } from "../helpers/command-line.ts";
import { type CommandStage, startCommandStage } from "../helpers/command-stage.ts";
import { splitToken } from "../helpers/mint.ts";

const stack = new AsyncDisposableStack();
let folder: CommandStage["folder"];
let cli: CommandStage["cli"];
let secret: CommandStage["secret"];
let write: CommandStage["write"];
let keyPath: CommandStage["keyPath"];

beforeAll(async () => {
  ({ folder, cli, secret, write, keyPath } = await startCommandStage(stack));
});
afterAll(() => stack.disposeAsync());

const mint = (...args: readonly string[]) => cli("token", "mint", ...args);

describe("token mint", () => {
  const MINTED: readonly (readonly [string, string, readonly string[]])[] = [
    ["HS256", "keys.json", []],
    ["HS512", "keys.json", ["--alg", "HS512"]],
    ["RS256", "rs.pem", ["--kid", "rs"]],
    ["ES256", "es.pem", ["--kid", "es"]],
    ["ES256", "es.jwk", []],
    ["EdDSA", "ed.pem", ["--kid", "ed"]],
  ];
  for (const [alg, file, more] of MINTED) {
    test(`makes a token with ${alg} from ${file} that is accepted`, async () => {
      const made = await mint("--key", keyPath(file), "--subject", "bob", ...more);
      expect(made.code).toBe(0);
      expect(made.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
      const inspected = await cli.with({ stdin: made.stdout }, "token", "inspect", "--json");
      const verdict = parseOutput(inspected);
      // HS512 needs a key of 64 bytes; this one has as many.
      expect(verdict).toMatchObject({ valid: true, subjects: ["bob"], key: { alg } });
    });
  }

  test("signs the claims as they were given", async () => {
    const given = '{"sub":"bob","cs":12345678901234567891,"iat":1,"exp":9999999999}';
    const { stdout } = await mint("--key", keyPath("es.jwk"), "--claims", given);
    expect(Buffer.from(splitToken(stdout)[1] ?? "", "base64url").toString()).toBe(given);
  });

  const REFUSED: readonly (readonly [string, readonly string[]])[] = [
    ["no key", []],
    ["a key file of something else", ["--key", "/etc/hostname"]],
    ["an algorithm that there is not", ["--key", "es.jwk", "--alg", "none"]],
    ["an algorithm that the key is not for", ["--key", "es.jwk", "--alg", "HS256"]],
    ["an elliptic curve's algorithm for an RSA key", ["--key", "rs.pem", "--alg", "ES256"]],
    ["an RSA algorithm for a curve's key", ["--key", "es.pem", "--alg", "RS256"]],
    ["another curve's algorithm", ["--key", "es.pem", "--alg", "ES384"]],
    ["an Edwards curve's key for another", ["--key", "ed.pem", "--alg", "ES256"]],
    ["a kid that the file has not", ["--key", "keys.json", "--kid", "x"]],
    ["claims that are no object", ["--key", "es.jwk", "--claims", "[]"]],
    ["claims that name one twice", ["--key", "es.jwk", "--claims", '{"a":1,"a":2}']],
  ];
  test("fails where the key is not there", async () => {
    const result = await mint("--key", "/none");
    expect([result.code, result.stderr.trim()]).toEqual([1, "/none cannot be read"]);
  });

  for (const [what, args] of REFUSED) {
    test(`refuses ${what}`, async () => {
      const result = await cli.with({ cwd: folder }, "token", "mint", ...args);
      expect([result.code, result.stdout]).toEqual([2, ""]);
      expect(result.stderr).not.toContain(secret);
    });
  }
});

describe("token inspect", () => {
  test("takes a token from an argument, a file or standard input, and tells why", async () => {
    const { stdout } = await mint(
      "--key",
      keyPath("es.jwk"),
      "--subject",
      "bob",
      "--expires-in",
      "0",
    );
    const token = stdout.trim();
    const file = write("token.txt", stdout);
    for (const result of [
      await cli("token", "inspect", token),
      await cli("token", "inspect", "--file", file),
      await cli.with({ stdin: stdout }, "token", "inspect"),
      await cli.with({ stdin: stdout }, "token", "inspect", "-"),
    ]) {
      expect([result.code, result.stdout.split("\n")[0]]).toEqual([
        0,
        expect.stringMatching(/^valid|^refused/),
      ]);
    }
    expect((await cli.with({ stdin: "" }, "token", "inspect")).code).toBe(2);
    const junk = await cli.with({ stdin: "no token" }, "token", "inspect");
    expect(junk.stdout).toContain("E_TKN_INVALID, malformed");
  });

  test("works without a server too", async () => {
    const { stdout } = await mint("--key", keyPath("es.jwk"), "--subject", "bob");
    const alone = createCommandLine(join(folder, "alone"), { JWT_JWKS_FILE: keyPath("keys.json") });
    await alone("revoke", "user", "nobody", "--reason", "makes the store");
    const result = await alone.with({ stdin: stdout }, "token", "inspect");
    expect(result.stdout).toStartWith("valid");
  });
});

describe("keys", () => {
  test("are listed with source, kid and algorithms, and no secret", async () => {
    const result = await cli("keys", "list");
    expect(result.stdout).toMatch(/ hs +oct +HS256/);
    expect(result.stdout).toMatch(/ es +EC +ES256 /);
    const json = await cli("keys", "list", "--json");
    expect(json.stdout + result.stdout).not.toContain(secret);
    expect(parseOutput(json)["items"]).toHaveLength(1);
  });

  test("are read anew by sync", async () => {
    const text = await Bun.file(keyPath("keys.json")).text();
    const fewer = (JSON.parse(text) as { kid: string }[]).filter(({ kid }) => kid !== "ed");
    write("keys.json", JSON.stringify(fewer));
    const done = await cli("keys", "sync");
    expect([done.code, done.stdout.includes(" ed ")]).toEqual([0, false]);
    write("keys.json", "{");
    const broken = await cli("keys", "sync");
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain(" es ");
    expect((await cli("keys", "sync", "--json")).code).toBe(1);
    expect((await cli("keys", "list")).code).toBe(0);
    expect(broken.stdout).toMatch(/keys\.json: .+/);
    write("keys.json", text);
    expect((await cli("keys", "sync")).stdout).toContain(" ed ");
  });

  test("are said to be none where none are configured", async () => {
    const alone = createCommandLine(join(folder, "alone"));
    await alone("revoke", "user", "nobody", "--reason", "makes the store");
    expect((await alone("keys", "list")).stdout).toContain("No key source is configured");
  });
});
