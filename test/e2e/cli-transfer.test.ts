/** Import, export, backup and restore of the compiled binary. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { type Appliance, startAppliance } from "../helpers/appliance.ts";
import { type CommandLine, createCommandLine, parseOutput } from "../helpers/command-line.ts";
import { mint } from "../helpers/mint.ts";
import { createSigningKey } from "../helpers/signing-keys.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";
import { claims } from "../helpers/tokens.ts";
import { waitFor } from "../helpers/wait-for.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
const key = createSigningKey("ES256");

const line = (subject: string, more: Readonly<Record<string, unknown>> = {}) =>
  `${JSON.stringify({ subject, rule: { sub: subject }, reason: "r", ...more })}\n`;

const countOf = async (cli: CommandLine) => {
  const { stdout } = await cli("rules", "export");
  return stdout === "" ? 0 : stdout.trim().split("\n").length;
};

const withoutOrigin = (exported: string) => exported.replaceAll(/,"addedAt".*$/gm, "");

describe("without a server", () => {
  let cli: CommandLine;
  let folder: string;
  beforeEach(() => {
    folder = createTempFolder(stack);
    cli = createCommandLine(join(folder, "data"));
  });

  test("what is exported can be imported elsewhere, and is the same", async () => {
    const text =
      line("bob") + line("carol", { issuer: "https://issuer.test", expireAt: 4_000_000_000 });
    await cli.with(
      { stdin: `${text}{"scope":"global","rule":{"cs":12345678901234567891},"reason":"r"}\n` },
      "rules",
      "import",
      "-",
    );
    const file = join(folder, "rules.jsonl");
    expect((await cli("rules", "export", file)).code).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const other = createCommandLine(join(folder, "other"));
    expect((await other("rules", "import", file)).stdout).toContain("3 rules were imported");
    const [here, there] = [await cli("rules", "export"), await other("rules", "export")];
    expect(withoutOrigin(there.stdout)).toBe(withoutOrigin(here.stdout));
    expect(here.stdout).toContain("12345678901234567891");
  });

  test("an import with a refused line imports nothing, and names each", async () => {
    const stdin = line("bob") + line("carol", { rule: {} }) + "junk\n";
    const result = await cli.with({ stdin }, "rules", "import", "-");
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("line 2:");
    expect(result.stderr).toContain("line 3:");
    expect(result.stderr).toContain("nothing was imported");
    expect(await countOf(cli)).toBe(0);
    const lenient = await cli.with({ stdin }, "rules", "import", "-", "--continue", "--json");
    expect(lenient.code).toBe(0);
    expect(parseOutput(lenient)).toMatchObject({
      added: 1,
      refused: 2,
      problems: [{ line: 2 }, { line: 3 }],
    });
    expect(await countOf(cli)).toBe(1);
  });

  test("a backup can be restored elsewhere, and what was there is kept", async () => {
    await cli.with({ stdin: line("bob") }, "rules", "import", "-");
    const file = join(folder, "backup.db");
    const made = await cli("backup", file, "--json");
    expect(parseOutput(made)).toMatchObject({ file, bytes: (await stat(file)).size });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const other = createCommandLine(join(folder, "other"));
    await other("revoke", "user", "zoe", "--reason", "r");
    const restored = await other("restore", file);
    expect(restored.stdout).toContain("1 rule is restored");
    expect(restored.stdout).toMatch(/is kept in \S+/);
    const { stdout } = await other("rules", "export");
    expect(stdout).toContain('"bob"');
    expect(stdout).not.toContain('"zoe"');
  });

  const BROKEN: readonly (readonly [string, string])[] = [
    ["that is empty", ""],
    ["that is no database", "something else\n".repeat(1000)],
  ];
  for (const [what, content] of BROKEN) {
    test(`a file ${what} is not restored, and nothing changes`, async () => {
      await cli("revoke", "user", "bob", "--reason", "r");
      const file = join(folder, "bad.db");
      await Bun.write(file, content);
      const result = await cli("restore", file);
      expect([result.code, result.stdout]).toEqual([1, ""]);
      expect(await countOf(cli)).toBe(1);
    });
  }

  test("a backup with flipped bits is not restored", async () => {
    await cli("revoke", "user", "bob", "--reason", "r");
    const file = join(folder, "backup.db");
    await cli("backup", file);
    const bytes = await Bun.file(file).bytes();
    bytes.fill(0xff, 4096, 12_288);
    await chmod(file, 0o600);
    await Bun.write(file, bytes);
    expect((await cli("restore", file)).code).toBe(1);
    expect(await countOf(cli)).toBe(1);
  });

  test("files that cannot be read or written are said to be so, and leave nothing behind", async () => {
    expect((await cli("restore", join(folder, "none"))).code).toBe(1);
    expect((await cli("rules", "import", join(folder, "none"))).code).toBe(1);
    expect((await cli("backup", join(folder, "none", "x"))).code).toBe(1);
    expect((await cli("rules", "export", join(folder, "none", "x"))).code).toBe(1);
    await cli("revoke", "user", "bob", "--reason", "r");
    const overFolder = await cli("backup", folder);
    expect([overFolder.code, overFolder.stderr.includes("cannot be")]).toEqual([1, true]);
    expect(existsSync(join(folder, "none"))).toBe(false);
  });
});

describe("with a server", () => {
  let server: Appliance;
  let cli: CommandLine;
  let folder: string;
  beforeAll(async () => {
    folder = createTempFolder(stack);
    const keyFile = join(folder, "keys.json");
    await Bun.write(keyFile, JSON.stringify({ keys: [key.jwk] }));
    server = await startAppliance(stack, { folder, env: { JWT_JWKS_FILE: keyFile } });
    cli = createCommandLine(server.dataDir);
  });

  test("an import of many rules is in force when it returns, and judging goes on meanwhile", async () => {
    const file = join(folder, "many.jsonl");
    const subjects = Array.from({ length: 20_000 }, (_, index) => `user-${index}`);
    await Bun.write(file, subjects.map((subject) => line(subject)).join(""));
    const good = mint(key, claims({ sub: "zoe", username: "zoe" }));
    const waits: number[] = [];
    const over = new AbortController();
    const judging = (async () => {
      while (!over.signal.aborted) {
        const started = performance.now();
        const { valid } = await server.judge(good);
        waits.push(performance.now() - started);
        if (valid !== "1") throw new Error("a good token was refused");
      }
    })();
    const imported = await cli("rules", "import", file, "--no-wait", "--json");
    over.abort();
    await judging;
    expect(parseOutput(imported)).toMatchObject({ added: 20_000, refused: 0 });
    expect(waits.length).toBeGreaterThan(50);
    const last = mint(key, claims({ sub: "user-19999", username: "user-19999" }));
    expect((await server.judge(last)).detail).toBe("revoked");
  });

  test("an export is whole, through a pipe too", async () => {
    const { stdout } = await cli("rules", "export");
    expect(stdout.trim().split("\n")).toHaveLength(20_000);
    expect(stdout.endsWith("}\n")).toBe(true);
  });

  test("a backup is made while it runs, by commands only", async () => {
    const file = join(folder, "live.db");
    expect((await cli("backup", file)).code).toBe(0);
    const other = createCommandLine(join(folder, "copy"));
    expect((await other("restore", file)).stdout).toContain("20000 rules");
    for await (const name of new Bun.Glob("*backup*").scan(server.dataDir)) throw new Error(name);
  });

  test("nothing is restored under it", async () => {
    const file = join(folder, "live.db");
    const result = await cli("restore", file);
    expect([result.code, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).toContain("running");
  });

  test("an import that is cut off imports nothing", async () => {
    const token = (await cli("admin", "token", "create", "--name", "cut", "--role", "admin")).stdout
      .trim()
      .split("\n")
      .at(-1);
    const body = line("half-1") + line("half-2");
    const send = (length: number) => {
      const head = [
        "POST /api/v1/import HTTP/1.1",
        "host: 127.0.0.1",
        `authorization: Bearer ${token ?? ""}`,
        "content-type: application/x-ndjson",
        "connection: close",
        `content-length: ${length}`,
      ];
      const socket = connect({ port: server.adminPort, host: "127.0.0.1" }).resume();
      socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
      return socket;
    };
    const imported = async () => {
      const { stdout } = await cli("rules", "list", "--search", "half-", "--json");
      return (JSON.parse(stdout) as { items: unknown[] }).items.length;
    };
    using db = new Database(join(server.dataDir, "haproxy-jwt.db"), { readonly: true });
    const stateOfNewest = () =>
      db.query("SELECT state FROM rule_import ORDER BY id DESC LIMIT 1").values()[0]?.[0];
    const [OPEN, GIVEN_UP] = [0, 2];

    const half = send(body.length + 100);
    await waitFor("the import to begin", () => stateOfNewest() === OPEN);
    half.destroy();
    await waitFor("it to be given up", () => stateOfNewest() === GIVEN_UP);
    expect(await imported()).toBe(0);
    await once(send(body.length), "close");
    expect(await imported()).toBe(2);
  });
});
