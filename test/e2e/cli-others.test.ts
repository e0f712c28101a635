/** Configuration, health, completion, help: the other commands of the compiled binary. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startAppliance } from "../helpers/appliance.ts";
import { parseOutput } from "../helpers/command-line.ts";
import { type CommandStage, startCommandStage } from "../helpers/command-stage.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const stack = new AsyncDisposableStack();
let server: CommandStage["server"];
let cli: CommandStage["cli"];
let write: CommandStage["write"];

beforeAll(async () => {
  ({ server, cli, write } = await startCommandStage(stack));
});
afterAll(() => stack.disposeAsync());

describe("config", () => {
  test("check says that all is well, or names every problem with its key and exits 78", async () => {
    expect((await cli("config", "check")).code).toBe(0);
    const env = { JWT_LISTEN: "nowhere", JWT_CLOCK_SKEW: "-1", JWT_ADMIN_LISTEN: "0.0.0.0:1" };
    const bad = await cli.with({ env }, "config", "check");
    expect([bad.code, bad.stdout]).toEqual([78, ""]);
    for (const name of ["JWT_LISTEN", "JWT_CLOCK_SKEW", "JWT_ADMIN_ORIGIN"]) {
      expect(bad.stderr).toContain(name);
    }
  });

  test("check --json tells the problems, or the warnings, on standard output", async () => {
    const env = { JWT_LOG_LEVEL: "x", JWT_DECRYPT_FILE: "/none" };
    const bad = await cli.with({ env }, "config", "check", "--json");
    expect([bad.code, bad.stderr]).toEqual([78, ""]);
    expect(parseOutput(bad)).toEqual({
      ok: false,
      problems: [
        { key: "JWT_LOG_LEVEL", problem: expect.stringContaining("must be one of") },
        { key: "JWT_DECRYPT_FILE", problem: "/none cannot be read" },
      ],
    });
    const good = await cli("config", "check", "--json");
    expect([good.code, parseOutput(good)]).toEqual([0, { ok: true, warnings: [] }]);
  });

  test("dump shows each value and where it comes from, and no secret", async () => {
    const file = write("own.toml", 'clock_skew = 9\nverifier_key = "a-secret-of-the-file"\n');
    const env = { JWT_LEGACY: "reject" };
    const result = await cli.with(
      { env },
      "config",
      "dump",
      "--config",
      file,
      "--key-max-age",
      "77",
    );
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^JWT_CLOCK_SKEW +9 +file$/m);
    expect(result.stdout).toMatch(/^JWT_LEGACY +reject +environment$/m);
    expect(result.stdout).toMatch(/^JWT_KEY_MAX_AGE +77 +flag$/m);
    expect(result.stdout).toMatch(/^JWT_VERIFIER_KEY +\(secret\) +file$/m);
    const json = await cli("config", "dump", "--config", file, "--json");
    expect(json.stdout + result.stdout).not.toContain("a-secret-of-the-file");
    expect((await cli("config", "dump", "--config", "/none")).code).toBe(78);
    expect((await cli("config", "dump", "--verifier-key", "x")).code).toBe(2);
  });
});

test("config dump leaves out nothing of the store's address but its password", async () => {
  const { stdout } = await cli("config", "dump");
  expect(stdout).toMatch(/^JWT_STORE +sqlite +default$/m);
  const env = { JWT_STORE: "postgres://jwt:can@ry@a:1,b:2/jwt" };
  const shared = await cli.with({ env }, "config", "dump");
  expect(shared.stdout).not.toContain("ry@");
  expect(shared.stdout).toMatch(
    /^JWT_STORE +postgres:\/\/jwt:\(secret\)@a:1,b:2\/jwt +environment$/m,
  );
});

test("config dump and its problems show of keys' addresses neither user nor query", async () => {
  const addresses = "https://canary@a.test/keys.json,https://b.test/k?api=canary&v=canary#canary";
  const { stdout } = await cli.with({ env: { JWT_JWKS_URL: addresses } }, "config", "dump");
  expect(stdout).not.toContain("canary");
  expect(stdout).toMatch(
    /^JWT_JWKS_URL +https:\/\/\(secret\)@a\.test\/keys\.json,https:\/\/b\.test\/k\?\(secret\) +environment$/m,
  );
  const env = { JWT_JWKS_URL: "htps://canary@a.test/k?canary" };
  const { code, stderr } = await cli.with({ env }, "config", "check");
  expect([code, stderr.includes("canary")]).toEqual([78, false]);
  expect(stderr).toContain('but is "htps://(secret)@a.test/k?(secret)"');
});

const checkAt = (listen: string, ...more: readonly string[]) =>
  cli("healthcheck", "--listen", listen, ...more);

describe("healthcheck", () => {
  test("exits 0 for a ready server, else 1", async () => {
    expect((await checkAt(`127.0.0.1:${server.port}`)).stdout).toBe("ready\n");
    expect((await checkAt(`0.0.0.0:${server.port}`, "--live")).stdout).toBe("live\n");
    const none = await checkAt("127.0.0.1:1");
    expect([none.code, none.stdout]).toEqual([1, ""]);
  });

  test("says what is missing", async () => {
    const bare = await startAppliance(stack, { folder: createTempFolder(stack), until: "up" });
    const result = await checkAt(`127.0.0.1:${bare.port}`);
    expect(result.code).toBe(1);
    expect(result.stdout).toContain("keys: no key source is configured");
  });
});

const complete = async (...words: readonly string[]) => {
  const { stdout } = await cli("completion", "bash");
  const script = `${stdout}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})\nCOMP_CWORD=${words.length - 1}\n_haproxy_jwt\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
  const child = Bun.spawn(["bash", "-c", script], { stdout: "pipe" });
  return (await new Response(child.stdout).text()).trim().split("\n");
};

describe("completion", () => {
  test("knows commands, what is below them, and flags", async () => {
    expect(await complete("haproxy-jwt", "rev")).toEqual(["revoke"]);
    expect(await complete("haproxy-jwt", "revoke", "")).toContain("user");
    expect(await complete("haproxy-jwt", "rules", "add", "--su")).toEqual(["--subject"]);
    expect(await complete("haproxy-jwt", "--data-dir", "/x", "rules", "li")).toEqual([
      "list",
      "lift",
    ]);
    expect(await complete("haproxy-jwt", "nonsense", "x")).toEqual([""]);
  });

  test("is refused for shells that are not known", async () => {
    expect((await cli("completion", "fish")).code).toBe(2);
    expect((await cli("completion", "zsh")).stdout).toStartWith("#compdef haproxy-jwt");
  });
});

describe("version and help", () => {
  test("print to standard output and exit 0", async () => {
    expect((await cli("version")).stdout).toMatch(/^haproxy-jwt \d+\.\d+\.\d+\n$/);
    expect(parseOutput(await cli("version", "--json"))).toHaveProperty("version");
    const help = await cli("--help");
    expect(help.code).toBe(0);
    for (const word of [
      "serve",
      "demo",
      "rules",
      "revoke",
      "keys",
      "token",
      "admin",
      "backup",
      "doctor",
    ]) {
      expect(help.stdout).toContain(word);
    }
    expect((await cli("revoke", "user", "--help")).stdout).toContain("--reason");
    expect((await cli()).code).toBe(2);
  });
});
