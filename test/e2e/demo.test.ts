import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY, runCommand } from "../helpers/appliance.ts";
import { HAPROXY } from "../helpers/haproxy.ts";
import { createCommandLine } from "../helpers/command-line.ts";
import { withInPlace } from "../helpers/own-mount.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";
import { waitFor } from "../helpers/wait-for.ts";

describe("demo --check", () => {
  test("shows every promise of the first page, and exits 0", async () => {
    const { code, stdout, stderr } = await runCommand(["demo", "--check"], {
      HAPROXY_BIN: HAPROXY,
    });
    const lines = stdout.trim().split("\n");
    expect({ stderr, failed: lines.filter((line) => !line.startsWith("ok ")) }).toEqual({
      stderr: "",
      failed: [],
    });
    expect(code).toBe(0);
    const shown = [
      /HS256 .*accepted/,
      /RS256 .*accepted/,
      /ES256 .*accepted/,
      /JWE .*accepted/,
      /forged token/,
      /expired/,
      /foreign key/,
      /without a token/,
      /x-tkn-valid .*stripped/,
      /revoke user/,
      /E_BACKEND_UNAVAIL/,
      /started again/,
    ];
    for (const what of shown) expect(lines.filter((line) => what.test(line))).toHaveLength(1);
  }, 60_000);

  test("takes nothing from the machine's own configuration file and the caller's settings", async () => {
    await using stack = new AsyncDisposableStack();
    const folder = createTempFolder(stack);
    const [etc, data] = [join(folder, "etc"), join(folder, "data")];
    mkdirSync(join(etc, "haproxy-jwt"), { recursive: true });
    // What programs look for when they start.
    for (const name of ["group", "hosts", "ld.so.cache", "nsswitch.conf", "passwd"]) {
      copyFileSync(join("/etc", name), join(etc, name));
    }
    writeFileSync(
      join(etc, "haproxy-jwt", "haproxy-jwt.toml"),
      `data_dir = "${data}"\naudience = "nobody"\nstore = "postgres://jwt@127.0.0.1:1/jwt"\n`,
    );
    const onMachine = (env: Record<string, string>, ...words: readonly string[]) =>
      createCommandLine("", { HAPROXY_BIN: HAPROXY }).with(
        { env, prefix: withInPlace("/etc", etc), timeoutMs: 60_000 },
        ...words,
      );
    // The control: any other command does read that file.
    expect((await onMachine({}, "config", "dump")).stdout).toMatch(/^JWT_AUDIENCE +nobody +file$/m);
    const caller = { JWT_DATA_DIR: data, JWT_STORE: "postgres://jwt@127.0.0.1:1/jwt" };
    for (const env of [{}, caller, { JWT_SYNC_INTERVAL: "often" }]) {
      // oxlint-disable-next-line no-await-in-loop -- two demonstrations at once are for a larger machine
      const { code, stdout, stderr } = await onMachine(env, "demo", "--check");
      const failed = stdout
        .trim()
        .split("\n")
        .filter((line) => !line.startsWith("ok "));
      expect({ code, stderr, failed }).toEqual({ code: 0, stderr: "", failed: [] });
    }
    expect(existsSync(data)).toBe(false);
  }, 120_000);

  test("refuses a port that is none, with exit code 2", async () => {
    for (const port of ["0", "65536", "http", "-1", ""]) {
      const { code } = await runCommand(["demo", "--check", "--haproxy-port", port]);
      expect(code).toBe(2);
    }
  });

  test.each(["haproxy", "server", "admin", "upstream"])(
    "refuses a port for --%s-port that somebody has, even one that would share it",
    async (name) => {
      const other = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        reusePort: true,
        fetch: () => new Response("ok"),
      });
      const { port } = other;
      const args = ["demo", `--${name}-port`, String(port)];
      const { code, stdout, stderr } = await runCommand(args, { HAPROXY_BIN: HAPROXY });
      await other.stop(true);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toBe(
        `Port ${port} is no good, another program has it: name one with --${name}-port\n`,
      );
    },
  );

  test.each(["SIGTERM", "SIGINT"] as const)(
    "leaves nothing behind after a %s while it starts",
    async (signal) => {
      await using stack = new AsyncDisposableStack();
      const folder = createTempFolder(stack);
      const child = Bun.spawn([BINARY, "demo"], {
        env: { PATH: process.env["PATH"] ?? "", HAPROXY_BIN: HAPROXY, TMPDIR: folder },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "ignore",
      });
      await waitFor("the demonstration's folder", () =>
        readdirSync(folder).some((name) => name.startsWith("haproxy-jwt-demo-")),
      );
      child.kill(signal);
      expect(await child.exited).toBe(1);
      expect(await new Response(child.stdout).text()).toBe("");
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test("exits 1 with the reason when HAProxy cannot start", async () => {
    const { code, stderr } = await runCommand(["demo", "--check"], {
      HAPROXY_BIN: "/bin/false",
      PATH: "/nowhere",
    });
    expect([code, stderr.includes("HAProxy")]).toEqual([1, true]);
  });
});

describe("demo --cluster --check", () => {
  test("shows three machines through every fault, and exits 0", async () => {
    const child = Bun.spawn([BINARY, "demo", "--cluster", "--check"], {
      env: { PATH: process.env["PATH"] ?? "", HAPROXY_BIN: HAPROXY },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const lines = (await new Response(child.stdout).text()).trim().split("\n");
    expect(lines.filter((line) => !line.startsWith("ok "))).toEqual([]);
    expect(lines).toHaveLength(9);
    expect(await child.exited).toBe(0);
  }, 180_000);
});
