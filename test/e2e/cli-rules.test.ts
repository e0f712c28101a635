/** `rules` and `revoke` of the compiled binary with a server: everything goes through it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Appliance, startAppliance } from "../helpers/appliance.ts";
import { type CommandLine, createCommandLine, parseOutput } from "../helpers/command-line.ts";
import { mint } from "../helpers/mint.ts";
import { createSigningKey } from "../helpers/signing-keys.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";
import { claims, nowSeconds } from "../helpers/tokens.ts";

const stack = new AsyncDisposableStack();
const key = createSigningKey("ES256");
const other = createSigningKey("ES256", "another");
let keyFile: string;

beforeAll(async () => {
  keyFile = join(createTempFolder(stack), "keys.json");
  await Bun.write(keyFile, JSON.stringify({ keys: [key.jwk] }));
});
afterAll(() => stack.disposeAsync());

describe("with a server", () => {
  let server: Appliance;
  let cli: CommandLine;
  beforeAll(async () => {
    server = await startAppliance(stack, {
      folder: createTempFolder(stack),
      env: { JWT_JWKS_FILE: keyFile },
    });
    cli = createCommandLine(server.dataDir);
    // Nothing is confirmed in the first seconds: verifiers of a former life could still remember.
    await cli("revoke", "user", "first", "--reason", "r", "--timeout", "30");
  });

  const judged = async (token: string) => (await server.judge(token)).detail ?? "valid";

  test("revoke user says what it did, and it holds when it returns", async () => {
    const token = mint(key, claims());
    expect(await judged(token)).toBe("valid");
    const { code, stdout } = await cli("revoke", "user", "bob", "--reason", "left the company");
    expect(code).toBe(0);
    expect(stdout).toContain("bob is revoked by rule");
    expect(stdout).toContain("Enforced");
    expect(await judged(token)).toBe("revoked");
    const inspected = await cli.with({ stdin: token }, "token", "inspect");
    expect(inspected.stdout).toContain("left the company");
  });

  test("each intent turns away what it is meant for", async () => {
    const carol = (more: Readonly<Record<string, unknown>> = {}) =>
      mint(key, claims({ sub: "carol", username: "carol", ...more }));
    const [one, two] = [carol({ jti: "one" }), carol({ jti: "two" })];
    expect((await cli.with({ stdin: `${one}\n` }, "revoke", "token", "--reason", "r")).code).toBe(
      0,
    );
    expect([await judged(one), await judged(two)]).toEqual(["revoked", "valid"]);
    const family = carol({ rt: "77", jti: "three" });
    expect((await cli("revoke", "family", "77", "--subject", "carol", "--reason", "r")).code).toBe(
      0,
    );
    expect([await judged(family), await judged(two)]).toEqual(["revoked", "valid"]);
    expect((await cli("revoke", "block", "carol", "--reason", "r")).code).toBe(0);
    expect(await judged(carol({ jti: "four" }))).toBe("revoked");
    const dave = mint(key, claims({ sub: "dave", username: "dave", iat: nowSeconds() - 500 }));
    const before = String(nowSeconds() - 400);
    expect((await cli("revoke", "all", "--before", before, "--reason", "r", "--yes")).code).toBe(0);
    expect(await judged(dave)).toBe("revoked");
    const ahead = mint(key, claims({ sub: "erin", username: "erin", iat: nowSeconds() + 3 }));
    expect(await judged(ahead)).toBe("valid");
    const all = await cli("revoke", "all", "--reason", "r", "--yes", "--json");
    expect(await judged(ahead)).toBe("revoked");
    await cli("rules", "lift", String(parseOutput(all)["id"]), "--reason", "r");
    expect(await judged(ahead)).toBe("valid");
  });

  test("--wait answers with who enforces it, --no-wait at once", async () => {
    const waited = await cli("revoke", "user", "x", "--reason", "r", "--wait", "--json");
    expect(waited.code).toBe(0);
    expect(parseOutput(waited)).toMatchObject({ applied: true, verifiers: [] });
    const hasty = await cli("revoke", "user", "x", "--reason", "r", "--no-wait");
    expect(hasty.stdout).toContain("--wait would say");
    const program = await cli("revoke", "user", "x", "--reason", "r", "--json");
    expect(parseOutput(program)).not.toContainKey("applied");
  });

  test("what somebody remembers for a time is waited for; when that is too long it exits 3", async () => {
    const token = mint(key, claims({ sub: "erin", username: "erin" }));
    await server.judge(token, { "x-jwt-ttl": "20" });
    const result = await cli("revoke", "user", "erin", "--reason", "r", "--timeout", "1");
    expect(result.code).toBe(3);
    expect(result.stdout).toContain("not confirmed within 1 s");
    expect(await judged(token)).toBe("revoked");
  });

  test("a forged token revokes nobody", async () => {
    const forged = mint(other, claims({ sub: "frank", jti: "f" }), {
      alg: "ES256",
      kid: key.kid,
    });
    const result = await cli.with({ stdin: forged }, "revoke", "token", "--reason", "r");
    expect([result.code, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).not.toContain("frank");
    expect(result.stderr).not.toContain(forged.slice(0, 20));
  });

  test("the same refusals come from it, in the same words", async () => {
    const result = await cli("rules", "add", "--global", "--rule", "{}", "--reason", "r");
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("An empty rule would match every token");
  });

  test("only it writes: the control socket is its owner's, and the caller is in the audit", async () => {
    const { stat } = await import("node:fs/promises");
    expect((await stat(join(server.dataDir, "control.sock"))).mode & 0o777).toBe(0o600);
    const { stdout } = await cli("rules", "show", "1");
    expect(stdout).toMatch(/by \S+ \(cli, unix\)/);
  });

  test("one that does not answer is not waited for beyond the time asked for", async () => {
    server.program().signal("SIGSTOP");
    const revoke = ["revoke", "user", "late", "--reason", "r", "--timeout", "1"];
    const late = await cli(...revoke).finally(() => server.program().signal("SIGCONT"));
    expect([late.code, late.stdout]).toEqual([1, ""]);
    expect(late.stderr).toContain("has not answered within 7 s: look whether the change is there");
    expect((await cli(...revoke.slice(0, 5), "--no-wait")).code).toBe(0);
  });

  test("a second server does not get the folder", async () => {
    const env = { JWT_LISTEN: "127.0.0.1:0", JWT_ADMIN_LISTEN: "127.0.0.1:0" };
    const second = await cli.with({ env }, "serve");
    expect(second.code).toBe(1);
    expect(second.stderr).toContain("Another process");
  });
});
