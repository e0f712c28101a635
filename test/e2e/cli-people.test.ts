/** `admin` of the compiled binary, with a server and without. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Appliance, startAppliance } from "../helpers/appliance.ts";
import { type CommandLine, createCommandLine, parseOutput } from "../helpers/command-line.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const PASSWORD = "purple walrus dances slowly";
const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

describe("admin, without a server", () => {
  let cli: CommandLine;
  beforeEach(() => {
    cli = createCommandLine(join(createTempFolder(stack), "data"));
  });

  test("makes people, lists, changes and removes them", async () => {
    const made = await cli.with({ stdin: `${PASSWORD}\n` }, "admin", "create", "alice");
    expect([made.code, made.stdout.trim()]).toEqual([0, "alice may log in now, as admin."]);
    await cli.with({ stdin: PASSWORD }, "admin", "create", "bert", "--role", "viewer");
    expect((await cli("admin", "list")).stdout).toMatch(/^bert +viewer /m);
    expect((await cli("admin", "role", "bert", "operator")).code).toBe(0);
    const list = parseOutput(await cli("admin", "list", "--json"));
    expect(list["items"]).toMatchObject([{ name: "alice" }, { name: "bert", role: "operator" }]);
    expect((await cli.with({ stdin: `${PASSWORD} anew` }, "admin", "passwd", "bert")).code).toBe(0);
    expect((await cli("admin", "remove", "bert")).code).toBe(0);
    expect((await cli("admin", "remove", "alice")).code).toBe(1);
  });

  test("prints an API token alone on its last line, once", async () => {
    const made = await cli("admin", "token", "create", "--name", "ci", "--role", "admin");
    expect(made.code).toBe(0);
    const token = made.stdout.trim().split("\n").at(-1) ?? "";
    expect(token).toMatch(/^hjwt_[\w-]{43}$/);
    const list = await cli("admin", "token", "list", "--json");
    expect(list.stdout).not.toContain(token);
    expect((await cli("admin", "token", "revoke", "ci")).code).toBe(0);
    expect((await cli("admin", "token", "list")).stdout).toMatch(/^ci .* \d{4}-\d\d-\d\d /m);
    expect((await cli("admin", "token", "revoke", "ci")).code).toBe(1);
  });

  const REFUSED: readonly (readonly [string, number, string | undefined, readonly string[]])[] = [
    ["a short password", 1, "short", ["admin", "create", "eve"]],
    ["a common password", 1, "passwordpassword", ["admin", "create", "eve"]],
    ["no password", 2, "", ["admin", "create", "eve"]],
    ["a role that there is not", 2, PASSWORD, ["admin", "create", "eve", "--role", "root"]],
    ["a name that cannot be one", 1, PASSWORD, ["admin", "create", "../eve"]],
    ["a password of nobody", 1, PASSWORD, ["admin", "passwd", "eve"]],
    ["to remove nobody", 1, undefined, ["admin", "remove", "eve"]],
    ["a token without a role", 2, undefined, ["admin", "token", "create", "--name", "x"]],
    ["a token without a name", 2, undefined, ["admin", "token", "create", "--role", "admin"]],
    ["to revoke no token", 1, undefined, ["admin", "token", "revoke", "x"]],
  ];
  for (const [what, code, stdin, args] of REFUSED) {
    test(`refuses ${what} with exit code ${code}`, async () => {
      await cli("revoke", "user", "nobody", "--reason", "makes the store");
      const result = await cli.with(stdin === undefined ? {} : { stdin }, ...args);
      expect([result.code, result.stdout]).toEqual([code, ""]);
      expect(result.stderr).not.toContain(PASSWORD);
      expect(parseOutput(await cli("admin", "list", "--json"))["items"]).toEqual([]);
    });
  }
});

describe("admin, with a server", () => {
  let server: Appliance;
  let cli: CommandLine;
  beforeAll(async () => {
    server = await startAppliance(stack, { folder: createTempFolder(stack), until: "up" });
    cli = createCommandLine(server.dataDir);
  });

  const api = (path: string, token: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${server.adminPort}/api/v1${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    });

  test("makes tokens that get in at once, and out at once", async () => {
    const made = await cli("admin", "token", "create", "--name", "ops", "--role", "operator");
    const token = made.stdout.trim().split("\n").at(-1) ?? "";
    expect((await api("/stats", token)).status).toBe(200);
    const body = JSON.stringify({ user: "bob", reason: "r" });
    expect((await api("/revocations", token, { method: "POST", body })).status).toBe(201);
    expect((await api("/people", token)).status).toBe(403);
    await cli("admin", "token", "revoke", "ops");
    expect((await api("/stats", token)).status).toBe(401);
  });

  test("makes the first admin, and the link on the console no longer holds", async () => {
    const link = /#first-run=([\w-]{43})/.exec(server.program().output())?.[1] ?? "";
    expect(link).not.toBe("");
    expect((await cli.with({ stdin: PASSWORD }, "admin", "create", "root")).code).toBe(0);
    const answer = await fetch(`http://127.0.0.1:${server.adminPort}/api/v1/first-run`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ secret: link, name: "mallory", password: PASSWORD }),
    });
    expect(answer.status).toBe(401);
    const names = parseOutput(await cli("admin", "list", "--json"))["items"];
    expect(names).toMatchObject([{ name: "root" }]);
  });

  test("leaves no secret in the log", async () => {
    expect(server.program().output()).not.toMatch(/hjwt_|purple walrus|argon2/);
  });
});
