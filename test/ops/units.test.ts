import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installedFiles } from "../../src/cli/install/installed-files.ts";
import { PACKAGED } from "../../src/cli/install/layout.ts";
import { createProgram } from "../../src/cli/program.ts";
import { ROOT } from "../helpers/appliance.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const MOST_EXPOSURE = 2.0;
const files = installedFiles(PACKAGED, createProgram(), "1.2.3");
const units = files.filter(({ path }) => path.startsWith(PACKAGED.unitDir));

describe("the units", () => {
  const stack = new AsyncDisposableStack();
  let folder: string;
  beforeAll(() => {
    folder = createTempFolder(stack);
    for (const { path, text } of units) {
      // What the program and the page are called is checked below; here they need not be installed.
      const runnable = text
        .replaceAll("/usr/bin/haproxy-jwt", "/bin/true")
        .replaceAll(/^Documentation=.*\n/gm, "");
      writeFileSync(join(folder, path.slice(PACKAGED.unitDir.length + 1)), runnable);
    }
  });
  afterAll(() => stack.disposeAsync());

  test("are the service, its nightly copy and the copy's timer", () => {
    expect(units.map(({ path }) => path.split("/").at(-1))).toEqual([
      "haproxy-jwt-backup.service",
      "haproxy-jwt-backup.timer",
      "haproxy-jwt.service",
    ]);
  });

  test("are understood by systemd without a remark", () => {
    const names = units.map(({ path }) => join(folder, path.split("/").at(-1) ?? ""));
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", ...names], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], SYSTEMD_LOG_LEVEL: "warning" },
    });
    const remarks = stderr.split("\n").filter((line) => line.includes("haproxy-jwt"));
    expect([status, remarks]).toEqual([0, []]);
  });

  test(`leave the service an exposure of at most ${MOST_EXPOSURE}`, () => {
    const { stdout } = spawnSync(
      "systemd-analyze",
      ["security", "--offline=true", "--no-pager", join(folder, "haproxy-jwt.service")],
      { encoding: "utf8" },
    );
    const level = Number(/Overall exposure level for [^:]+: ([\d.]+)/.exec(stdout)?.[1]);
    expect(level).toBeLessThanOrEqual(MOST_EXPOSURE);
  });

  test("run the packaged program, and none of the shipped folders is left in them", () => {
    for (const { text } of units) expect(text).not.toContain("/usr/local");
    expect(units.at(-1)?.text).toContain("ExecStart=/usr/bin/haproxy-jwt serve\n");
  });
});

describe("the configurations that a package installs", () => {
  test("name the packaged Lua files", () => {
    const cfg = files.find(({ path }) => path === "/etc/haproxy-jwt/haproxy.cfg");
    expect(cfg?.text).toContain("presetenv JWT_LUA_DIR /usr/share/haproxy-jwt/lua");
  });

  test("are all marked as such, and nothing else is", () => {
    const config = files.filter(({ isConfig }) => isConfig).map(({ path }) => path);
    expect(config).toEqual([
      "/etc/haproxy-jwt/enforce.cfg",
      "/etc/haproxy-jwt/exporter.cfg",
      "/etc/haproxy-jwt/haproxy-jwt.toml",
      "/etc/haproxy-jwt/haproxy.cfg",
      "/etc/haproxy-jwt/service.cfg",
    ]);
  });
});

describe("the compose file", () => {
  interface Service {
    readonly build: { readonly context: string; readonly target: string };
    readonly environment?: Readonly<Record<string, string>>;
    readonly read_only?: boolean;
    readonly cap_drop?: readonly string[];
    readonly depends_on?: Readonly<Record<string, unknown>>;
  }
  const compose = Bun.YAML.parse(readFileSync(join(ROOT, "haproxy/compose.yaml"), "utf8")) as {
    readonly services: Readonly<Record<string, Service>>;
  };
  const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");
  const targets = [...dockerfile.matchAll(/^FROM .* AS ([\w-]+)$/gm)].map(([, name]) => name);

  test("builds targets that the Dockerfile has, HAProxy's the last of them", () => {
    expect(targets).toEqual(["build", "token-server", "haproxy"]);
    for (const { build } of Object.values(compose.services)) {
      expect(targets).toContain(build.target);
    }
  });

  test("gives no service a writable root or a capability", () => {
    for (const service of Object.values(compose.services)) {
      expect([service.read_only, service.cap_drop]).toEqual([true, ["ALL"]]);
    }
  });

  test("names the services by their names", () => {
    const { haproxy } = compose.services;
    expect(haproxy?.environment?.["JWT_UPSTREAM"]).toBe("upstream:3000");
    expect(haproxy?.environment?.["JWT_TOKEN_SERVER"]).toBe("token-server:4000");
    expect(Object.keys(haproxy?.depends_on ?? {})).toEqual(["token-server", "upstream"]);
  });

  test("leaves every image without root", () => {
    const stages = dockerfile.split(/^FROM /m).slice(1);
    for (const stage of stages.filter((text) => !text.includes(" AS build"))) {
      expect(stage).toMatch(/^USER (haproxy|haproxy-jwt)$/m);
      expect(stage).toMatch(/^HEALTHCHECK /m);
    }
  });
});
