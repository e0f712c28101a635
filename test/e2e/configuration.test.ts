import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../helpers/appliance.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

function environment(more: Readonly<Record<string, string>>): Record<string, string> {
  const folder = createTempFolder(stack);
  const keyFile = join(folder, "keys.json");
  writeFileSync(keyFile, JSON.stringify([{ kid: "a", secret: "s".repeat(64) }]));
  mkdirSync(join(folder, "data"), { mode: 0o700 });
  return {
    JWT_DATA_DIR: join(folder, "data"),
    JWT_JWKS_FILE: keyFile,
    JWT_VERIFIER_KEY: "k".repeat(43),
    JWT_LISTEN: `unix:${join(folder, "server.sock")}`,
    JWT_ADMIN_LISTEN: "127.0.0.1:1",
    ...more,
  };
}

const WRONG: readonly (readonly [string, string])[] = [
  ["JWT_LISTEN", "nowhere"],
  ["JWT_LISTEN", "127.0.0.1:99999"],
  ["JWT_ADMIN_LISTEN", "0.0.0.0:4001"],
  ["JWT_JWKS_URL", "ftp://keys.test/keys.json"],
  ["JWT_JWKS_URL", "not a url"],
  ["JWT_SYNC_INTERVAL", "0"],
  ["JWT_SYNC_INTERVAL", "often"],
  ["JWT_KEY_MAX_AGE", "-1"],
  ["JWT_ALLOW_SHORT_SECRETS", "maybe"],
  ["JWT_REQUIRE_EXP", "2"],
  ["JWT_MAX_TOKEN_AGE", "1e999"],
  ["JWT_CLOCK_SKEW", "-5"],
  ["JWT_LEGACY", "both"],
  ["JWT_LOG_LEVEL", "loud"],
  ["JWT_TRUSTED_PROXIES", "everyone"],
];

describe("a configuration that is wrong", () => {
  test.each([...WRONG])("is refused with %s=%s: exit 78, the key named", async (name, value) => {
    const { code, stderr } = await runCommand(["serve"], environment({ [name]: value }));
    expect(stderr).toContain(name);
    expect(code).toBe(78);
  });

  test("is told all at once, each problem with its key", async () => {
    const wrong = {
      JWT_SYNC_INTERVAL: "often",
      JWT_LEGACY: "both",
      JWT_CLOCK_SKEW: "-5",
      JWT_LOG_LEVEL: "loud",
    };
    const { code, stderr } = await runCommand(["serve"], environment(wrong));
    for (const name of Object.keys(wrong)) expect(stderr).toContain(name);
    expect(code).toBe(78);
  });

  test("does not repeat a secret", async () => {
    const { stderr, stdout } = await runCommand(
      ["serve"],
      environment({ JWT_VERIFIER_KEY: "short-canary" }),
    );
    expect(stderr + stdout).not.toContain("short-canary");
  });
});

describe("a secret", () => {
  test("is taken from the file that a flag names, and not shown", async () => {
    const folder = createTempFolder(stack);
    const store = join(folder, "store");
    writeFileSync(store, "postgres://jwt:canary@db.test/jwt");
    const args = ["--store-file", store, "--json"];
    const { code, stdout } = await runCommand(["config", "dump", ...args], environment({}));
    expect(code).toBe(0);
    expect(stdout).toContain("db.test");
    expect(stdout).not.toContain("canary");
    const missing = await runCommand(
      ["config", "check", "--verifier-key-file", join(folder, "none")],
      environment({}),
    );
    expect(missing.stderr + missing.stdout).toContain("JWT_VERIFIER_KEY");
    expect(missing.code).toBe(78);
  });
});

describe("a configuration file that names the data folder", () => {
  test.each([
    ["revoke", ["revoke", "user", "bob", "--reason", "r"]],
    ["restore", ["restore", "BACKUP"]],
  ])("is read by %s, or nothing is changed anywhere", async (_, words) => {
    const folder = createTempFolder(stack);
    const [own, other] = [join(folder, "own"), join(folder, "other")];
    const backup = join(folder, "backup.db");
    const args = words.map((word) => (word === "BACKUP" ? backup : word));
    const from = (file: string, command: readonly string[] = args) =>
      runCommand([...command, "--config", file], { JWT_DATA_DIR: "" });
    const config = join(folder, "own.toml");
    writeFileSync(config, `data_dir = "${own}"\n`);
    const made = ["rules", "add", "--global", "--rule", '{"a":1}', "--reason", "r"];
    expect((await from(config, made)).code).toBe(0);
    expect((await from(config, ["backup", backup])).code).toBe(0);
    expect((await from(config)).code).toBe(0);

    const broken = join(folder, "broken.toml");
    writeFileSync(broken, `data_dir = "${other}\n`);
    for (const file of [broken, join(folder, "none.toml")]) {
      const named = await runCommand([...args, "--config", file], { JWT_DATA_DIR: other });
      expect([named.code, named.stdout]).toEqual([78, ""]);
      expect(named.stderr).toContain(`${file}: `);
    }
    expect(existsSync(other)).toBe(false);
  });
});

describe("a command line that is wrong", () => {
  test.each([
    [["nothing"]],
    [["serve", "--nothing"]],
    [["serve", "--verifier-key", "k".repeat(43)]],
    [["revoke"]],
    [["revoke", "user"]],
    [["rules", "add"]],
  ])("exits 2: %j", async (args) => {
    const { code, stderr } = await runCommand(args, environment({}));
    expect(stderr).not.toBe("");
    expect(code).toBe(2);
  });
});

describe("an address where nothing can listen", () => {
  test.each([
    ["JWT_LISTEN", "nosuchhost.invalid:24100", "this machine knows no such name"],
    ["JWT_LISTEN", "unix:/none/server.sock", "its folder is not there"],
    ["JWT_ADMIN_LISTEN", "192.0.2.1:24100", "this machine has no such address"],
  ])("is told by %s=%s", async (name, value, why) => {
    const origin = { JWT_ADMIN_ORIGIN: "https://tokens.example.org" };
    const env = environment({ JWT_ADMIN_LISTEN: "127.0.0.1:0", ...origin, [name]: value });
    const { code, stderr } = await runCommand(["serve"], env);
    expect(stderr).toBe(`${name}: nothing can listen on ${value}: ${why}\n`);
    expect(code).toBe(1);
  });
});
