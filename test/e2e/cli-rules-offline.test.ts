/** `rules` and `revoke` of the compiled binary without a server: the command line itself has the store. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { type CommandLine, createCommandLine, parseOutput } from "../helpers/command-line.ts";
import { createSigningKey } from "../helpers/signing-keys.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const stack = new AsyncDisposableStack();
const key = createSigningKey("ES256");
let keyFile: string;

beforeAll(async () => {
  keyFile = join(createTempFolder(stack), "keys.json");
  await Bun.write(keyFile, JSON.stringify({ keys: [key.jwk] }));
});
afterAll(() => stack.disposeAsync());

const RULE = '{"iat":{"lte":1700000000}}';

describe("without a server", () => {
  let cli: CommandLine;
  beforeEach(() => {
    cli = createCommandLine(join(createTempFolder(stack), "data"), { JWT_JWKS_FILE: keyFile });
  });

  test("rules add prints the rule's number as JSON, and nothing else", async () => {
    const result = await cli(
      "rules",
      "add",
      "--subject",
      "bob",
      "--rule",
      RULE,
      "--reason",
      "r",
      "--json",
    );
    expect(result.code).toBe(0);
    expect(result.stdout.trim().split("\n")).toHaveLength(1);
    expect(parseOutput(result)).toMatchObject({ id: 1 });
    expect(result.stderr).toContain(`A new store was made in ${cli.dataDir}`);
  });

  test("a store is made by a change, which says so once, and never by who only looks", async () => {
    for (const [code, words] of [
      [0, ["rules", "list", "--json"]],
      [0, ["keys", "list"]],
      [1, ["rules", "lift", "1", "--reason", "r"]],
      [1, ["admin", "passwd", "alice"]],
    ] as const) {
      const missing = await cli.with({ stdin: "purple walrus dances slowly" }, ...words);
      expect(missing.stderr.split("\n").slice(0, 2)).toEqual([
        `There is no store in ${cli.dataDir}, so this is what an empty one would answer:`,
        "name the right folder with --data-dir, or start haproxy-jwt serve.",
      ]);
      expect(missing.code).toBe(code);
    }
    for (const words of [
      ["rules", "export"],
      ["backup", join(dirname(cli.dataDir), "backup.db")],
    ]) {
      const missing = await cli(...words);
      expect([missing.code, missing.stdout]).toEqual([1, ""]);
      expect(missing.stderr).toContain(`There is no store in ${cli.dataDir}`);
    }
    expect(existsSync(join(dirname(cli.dataDir), "backup.db"))).toBe(false);
    expect(existsSync(cli.dataDir)).toBe(false);
    const revoke = ["revoke", "user", "bob", "--reason", "r"];
    const first = await cli(...revoke);
    expect([first.code, first.stderr.split("\n")[0]]).toEqual([
      0,
      `No server is running: nothing is enforced yet. A new store was made in ${cli.dataDir};`,
    ]);
    expect((await cli(...revoke)).stderr).toBe("");
    expect((await cli(...revoke, "--json")).stderr).toContain("No server is running");
    expect((await cli("rules", "list")).code).toBe(0);
  });

  test("a change is stored, says that nobody enforces it yet, and is no failure", async () => {
    const { code, stdout } = await cli("revoke", "user", "bob", "--reason", "left the company");
    expect(code).toBe(0);
    expect(stdout).toContain("bob is revoked by rule 1");
    expect(stdout).toContain("No server is running");
  });

  test("a change that was to be waited for exits 3, stored all the same", async () => {
    const add = ["rules", "add", "--global", "--rule", RULE, "--reason", "r", "--wait"];
    const people = await cli(...add);
    expect([people.code, people.stdout.includes("No server is running")]).toEqual([3, true]);
    const program = await cli(...add, "--json");
    expect(program.code).toBe(3);
    expect(parseOutput(program)).toMatchObject({ id: 2 });
    expect(program.stderr).toContain("No server is running");
  });

  test("rules are listed, shown and lifted", async () => {
    await cli("revoke", "user", "bob", "--reason", "left the company");
    await cli("revoke", "block", "carol", "--reason", "fraud");
    const list = await cli("rules", "list");
    expect(list.stdout.split("\n")[0]).toMatch(
      /^RULE +STATE +FOR +ADDED +ENDS +REASON +WHAT IT DOES$/,
    );
    expect(list.stdout).toMatch(/^2 +active +carol /m);
    const show = await cli("rules", "show", "1");
    expect(show.stdout).toContain("left the company");
    expect((await cli("rules", "lift", "1", "--reason", "came back")).code).toBe(0);
    expect((await cli("rules", "list")).stdout).not.toContain("bob");
    const all = parseOutput(await cli("rules", "list", "--state", "all", "--json"));
    expect(all["items"]).toHaveLength(2);
    expect((await cli("rules", "show", "1")).stdout).toContain("came back");
  });

  test("what others wrote does not steer the terminal", async () => {
    const rule = JSON.stringify({ name: "\u001b[2Jx\u202ey" });
    const added = await cli("rules", "add", "--global", "--rule", rule, "--reason", "r");
    expect(added.code).toBe(0);
    const list = await cli("rules", "list");
    for (const char of ["\u001b", "\u202e"]) {
      expect(list.stdout + added.stdout).not.toContain(char);
    }
  });

  test("a rule comes from a file or standard input as well, exact to the last digit", async () => {
    const text = '{"cs":12345678901234567891}';
    const add = ["rules", "add", "--global", "--reason", "r", "--rule"];
    expect((await cli.with({ stdin: text }, ...add, "-")).code).toBe(0);
    const file = join(createTempFolder(stack), "rule.json");
    await Bun.write(file, text);
    expect((await cli(...add, `@${file}`)).code).toBe(0);
    const { stdout } = await cli("rules", "list", "--json");
    expect(stdout.match(/"cs":12345678901234567891/g)).toHaveLength(2);
  });

  test("the data folder is named by flag before and after the command, over the environment", async () => {
    const elsewhere = join(createTempFolder(stack), "data");
    await cli("--data-dir", elsewhere, "revoke", "user", "a", "--reason", "r");
    await cli("revoke", "user", "b", "--reason", "r", "--data-dir", elsewhere);
    expect((await cli("rules", "list")).stderr).toContain(`no store in ${cli.dataDir}`);
    const { stdout } = await cli("rules", "list", "--data-dir", elsewhere, "--json");
    expect((JSON.parse(stdout) as { items: unknown[] }).items).toHaveLength(2);
  });

  test("many commands at once wait for one another", async () => {
    const runs = Array.from({ length: 6 }, (_, index) =>
      cli("revoke", "user", `u${index}`, "--reason", "r", "--json"),
    );
    const codes = (await Promise.all(runs)).map(({ code }) => code);
    expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
    expect(parseOutput(await cli("rules", "list", "--json"))["items"]).toHaveLength(6);
  });

  test("data and its folder are its owner's alone", async () => {
    await cli("revoke", "user", "bob", "--reason", "r");
    const { stat } = await import("node:fs/promises");
    expect((await stat(cli.dataDir)).mode & 0o777).toBe(0o700);
    for await (const file of new Bun.Glob("*").scan(cli.dataDir)) {
      expect([file, (await stat(join(cli.dataDir, file))).mode & 0o777]).toEqual([file, 0o600]);
    }
  });

  const REFUSED: readonly (readonly [string, number, string, readonly string[]])[] = [
    [
      "an empty rule",
      1,
      "empty rule",
      ["rules", "add", "--global", "--rule", "{}", "--reason", "r"],
    ],
    [
      "a rule that is no JSON",
      1,
      "not JSON",
      ["rules", "add", "--global", "--rule", "{", "--reason", "r"],
    ],
    [
      "a rule of two values",
      1,
      "not JSON",
      ["rules", "add", "--global", "--rule", '{"a":1},"x":{}', "--reason", "r"],
    ],
    [
      "an unknown operator",
      1,
      "/rule/iat/near",
      ["rules", "add", "--global", "--rule", '{"iat":{"near":1}}', "--reason", "r"],
    ],
    [
      "an end in the past",
      1,
      "--expire-at is not right",
      ["rules", "add", "--global", "--rule", RULE, "--reason", "r", "--expire-at", "5"],
    ],
    ["a blank reason", 1, "reason", ["revoke", "user", "bob", "--reason", " "]],
    ["a rule that is not there", 1, "no rule", ["rules", "show", "7"]],
    ["to lift what is not there", 1, "no rule", ["rules", "lift", "7", "--reason", "r"]],
    ["a token that is none", 1, "not authentic", ["revoke", "token", "x.y.z", "--reason", "r"]],
    ["no scope", 2, "--global", ["rules", "add", "--rule", RULE, "--reason", "r"]],
    [
      "two scopes",
      2,
      "--global",
      ["rules", "add", "--global", "--subject", "b", "--rule", RULE, "--reason", "r"],
    ],
    [
      "an issuer for everybody",
      2,
      "--global",
      ["rules", "add", "--global", "--issuer", "i", "--rule", RULE, "--reason", "r"],
    ],
    ["no reason", 2, "--reason", ["revoke", "user", "bob"]],
    [
      "an empty reason",
      1,
      "--reason is not right; expected",
      ["revoke", "user", "b", "--reason", ""],
    ],
    ["an empty name", 1, "<name> is not right; expected", ["revoke", "user", "", "--reason", "r"]],
    ["a state that there is not", 2, "unreadable", ["rules", "list", "--state", "foo"]],
    ["a limit below 1", 2, "It takes a whole number from 1 on.", ["rules", "list", "--limit=-50"]],
    ["no name", 2, "name", ["revoke", "user", "--reason", "r"]],
    ["a second name", 2, "too many arguments", ["revoke", "user", "bob", "carol", "--reason", "r"]],
    ["an unknown flag", 2, "unknown option", ["revoke", "user", "bob", "--reason", "r", "--force"]],
    ["an unknown command", 2, "unknown command", ["revoke", "everything"]],
    ["a number that is none", 2, "whole number", ["rules", "show", "x"]],
    [
      "a time-out that is too long",
      2,
      "0 to 60",
      ["revoke", "user", "b", "--reason", "r", "--timeout", "61"],
    ],
    ["everybody, unasked", 2, "--yes", ["revoke", "all", "--reason", "r"]],
    [
      "a moment that is none",
      2,
      "--before",
      ["revoke", "all", "--before", "noon", "--reason", "r", "--yes"],
    ],
    [
      "a token file that is not there",
      1,
      "cannot be read",
      ["revoke", "token", "--file", "/none", "--reason", "r"],
    ],
  ];
  for (const [what, code, word, args] of REFUSED) {
    test(`refuses ${what} with exit code ${code}, and writes nothing`, async () => {
      await cli("admin", "token", "create", "--name", "makes-the-store", "--role", "viewer");
      const result = await cli(...args);
      expect([result.code, result.stdout]).toEqual([code, ""]);
      expect(result.stderr).toContain(word);
      expect(parseOutput(await cli("rules", "list", "--state", "all", "--json"))["items"]).toEqual(
        [],
      );
    });
  }

  test("a configuration error names every problem with its key, and exits 78", async () => {
    const env = { JWT_CLOCK_SKEW: "soon", JWT_LEGACY: "maybe" };
    const result = await cli.with({ env }, "revoke", "user", "bob", "--reason", "r");
    expect(result.code).toBe(78);
    expect(result.stderr).toContain("JWT_CLOCK_SKEW");
    expect(result.stderr).toContain("JWT_LEGACY");
  });
});

describe("somebody else's data folder", () => {
  const asNobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];

  test("is written by root as its owner, and by nobody else", async () => {
    if (process.getuid?.() !== 0) return;
    const folder = createTempFolder(stack);
    const { chmod, chown, mkdir, stat } = await import("node:fs/promises");
    const dataDir = join(folder, "data");
    await chmod(folder, 0o755);
    await mkdir(dataDir, { mode: 0o700 });
    await chown(dataDir, 4242, 4343);
    const cli = createCommandLine(dataDir);
    expect((await cli("revoke", "user", "bob", "--reason", "r")).code).toBe(0);
    const { uid, gid, mode } = await stat(join(dataDir, "haproxy-jwt.db"));
    expect([uid, gid, mode & 0o777]).toEqual([4242, 4343, 0o600]);
    const refused = await cli.with({ prefix: asNobody, cwd: "/" }, "rules", "list");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("as root");
    const { stdout } = await cli("rules", "show", "1");
    expect(stdout).toContain("root (cli, local)");
  });
});
