import { describe, expect, test } from "bun:test";
import { BINARY, runCommand } from "../helpers/appliance.ts";
import { HAPROXY } from "../helpers/haproxy.ts";

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

  test("refuses a port that is none, with exit code 2", async () => {
    for (const port of ["0", "65536", "http", "-1", ""]) {
      const { code } = await runCommand(["demo", "--check", "--haproxy-port", port]);
      expect(code).toBe(2);
    }
  });

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
