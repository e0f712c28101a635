import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../helpers/appliance.ts";
import { checkConfig } from "../../helpers/haproxy.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";

interface Placed {
  readonly path: string;
  readonly outcome: string;
}

describe("install --prefix", () => {
  const stack = new AsyncDisposableStack();
  let prefix: string;
  let first: readonly Placed[];
  const install = async () => {
    const { code, stdout } = await runCommand(["install", "--prefix", prefix, "--json"]);
    expect(code).toBe(0);
    return (JSON.parse(stdout) as { readonly files: readonly Placed[] }).files;
  };
  const read = (path: string) => readFileSync(join(prefix, path), "utf8");
  beforeAll(async () => {
    prefix = join(createTempFolder(stack), "root");
    first = await install();
  });
  afterAll(() => stack.disposeAsync());

  test("puts all of it below the prefix, and nothing elsewhere", () => {
    expect(first.filter(({ path }) => !path.startsWith(`${prefix}/`))).toEqual([]);
    expect(new Set(first.map(({ outcome }) => outcome))).toEqual(new Set(["written"]));
    for (const path of [
      "usr/local/bin/haproxy-jwt",
      "usr/local/share/haproxy-jwt/lua/verify-jwt.lua",
      "usr/local/share/man/man1/haproxy-jwt.1",
      "etc/haproxy-jwt/haproxy.cfg",
      "etc/haproxy-jwt/enforce.cfg",
      "etc/haproxy-jwt/haproxy-jwt.toml",
      "etc/haproxy-jwt/verifier.key",
      "etc/systemd/system/haproxy-jwt.service",
    ]) {
      expect(first.map((one) => one.path)).toContain(join(prefix, path));
    }
  });

  test("leaves configurations that HAProxy and the server take as they are", async () => {
    for (const name of ["haproxy.cfg", "enforce.cfg"]) {
      // oxlint-disable-next-line no-await-in-loop -- two quick ones
      const { code, output } = await checkConfig(join(prefix, "etc/haproxy-jwt", name), {
        JWT_VERIFIER_KEY_FILE: join(prefix, "etc/haproxy-jwt/verifier.key"),
      });
      expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    }
    const config = join(prefix, "etc/haproxy-jwt/haproxy-jwt.toml");
    expect((await runCommand(["config", "check", "--config", config])).code).toBe(0);
  });

  test("makes a key that nobody else may read", () => {
    const path = "etc/haproxy-jwt/verifier.key";
    expect(statSync(join(prefix, path)).mode & 0o007).toBe(0);
    expect(Buffer.from(read(path).trim(), "base64url")).toHaveLength(32);
  });

  test("installs a program that runs", async () => {
    const child = Bun.spawnSync([join(prefix, "usr/local/bin/haproxy-jwt"), "version"]);
    expect(child.exitCode).toBe(0);
  });

  test("done again, changes neither an edited file nor the key", async () => {
    const key = read("etc/haproxy-jwt/verifier.key");
    const config = "etc/haproxy-jwt/haproxy-jwt.toml";
    appendFileSync(join(prefix, config), 'audience = "orders"\n');
    const edited = read(config);
    const again = await install();
    expect(read(config)).toBe(edited);
    expect(read("etc/haproxy-jwt/verifier.key")).toBe(key);
    expect(again.filter(({ outcome }) => outcome !== "same")).toEqual([
      { path: join(prefix, config), outcome: "kept" },
    ]);
  });

  test("says which path cannot be written, and exits 1", async () => {
    const { code, stderr } = await runCommand(["install", "--prefix", "/proc/nowhere"]);
    expect(code).toBe(1);
    expect(stderr).toContain("/proc/nowhere");
  });
});
