import { execFileSync } from "node:child_process";
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../helpers/appliance.ts";
import { checkConfig } from "../helpers/haproxy.ts";

/** The names that lua/verify-jwt/settings.lua asks for. */
const LUA_SETTINGS = execFileSync("lua5.3", [
  "-e",
  `package.path = "${join(ROOT, "lua")}/?.lua;" .. package.path
  require("verify-jwt.settings").read(function(name) print(name) end, function() end)`,
])
  .toString()
  .trim()
  .split("\n");

describe.each(["haproxy.cfg", "enforce.cfg"])("haproxy/%s", (name) => {
  test("passes haproxy -c with only JWT_LUA_DIR set", async () => {
    const { code, output } = await checkConfig(name, { JWT_LUA_DIR: join(ROOT, "lua") });
    expect(output).not.toMatch(/ALERT|WARNING/);
    expect(code).toBe(0);
  });

  test.each([
    ["JWT_CACHE_TTL", "soon"],
    ["JWT_CACHE_TTL", "-1"],
    ["JWT_MAX_TOKEN_BYTES", "1e9"],
    ["JWT_CACHE_SIZE", "0x10"],
    ["JWT_SYNC_INTERVAL", "0"],
    ["JWT_BODY_ENCODING", "xml"],
    ["JWT_STALE", "forever"],
    ["JWT_SCHEMES", ""],
  ])("is refused with %s=%s, by its name", async (key, value) => {
    const { code, output } = await checkConfig(name, {
      JWT_LUA_DIR: join(ROOT, "lua"),
      [key]: value,
    });
    if (value === "") {
      // Empty counts as not set.
      expect(code).toBe(0);
      return;
    }
    expect(code).not.toBe(0);
    expect(output).toContain(key);
  });

  test.each(["0", "1"])("takes JWT_REFUSE_CHUNKED=%s", async (value) => {
    const env = { JWT_LUA_DIR: join(ROOT, "lua"), JWT_REFUSE_CHUNKED: value };
    expect(await checkConfig(name, env)).toMatchObject({ code: 0 });
  });

  test.each(["true", "yes", "on", "2", "01", "", " 1", "1,0", "-1"])(
    "is refused with JWT_REFUSE_CHUNKED=%p, which would leave it off",
    async (value) => {
      const env = { JWT_LUA_DIR: join(ROOT, "lua"), JWT_REFUSE_CHUNKED: value };
      const { code, output } = await checkConfig(name, env);
      expect(output).toContain("JWT_REFUSE_CHUNKED must be 0 or 1");
      expect(code).not.toBe(0);
    },
  );

  test("names every setting of the Lua, set or for taking the # away", () => {
    const text = readFileSync(join(ROOT, "haproxy", name), "utf8");
    const named = [...text.matchAll(/^ {2}(?:# )?presetenv (\S+) \S+$/gm)].map(([, key]) => key);
    expect(LUA_SETTINGS).toContain("JWT_CACHE_TTL");
    expect(LUA_SETTINGS.filter((setting) => !named.includes(setting))).toEqual([]);
  });

  test("has the three lines that make it safe, in their order and next to each other", () => {
    const lines = readFileSync(join(ROOT, "haproxy", name), "utf8")
      .split("\n")
      .map((line) => line.trim());
    const rules = lines.filter((line) => line.startsWith("http-request "));
    const strip = rules.indexOf("http-request del-header ^x[^a-z0-9]tkn([^a-z0-9]|$) -m reg");
    expect(strip).toBeGreaterThanOrEqual(0);
    expect(
      rules.slice(strip + 1).some((line) => /^http-request (lua\.verify-jwt)/.test(line)),
    ).toBe(true);
    const verify = rules.findIndex((line) => line.startsWith("http-request lua.verify-jwt"));
    expect(verify).toBeGreaterThan(strip);
    expect(rules[verify + 1]).toBe(
      "http-request deny deny_status 503 unless { var(txn.tkn.valid) -m found }",
    );
  });
});
