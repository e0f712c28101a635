/** The doctor of the compiled binary: finds what is wrong, and says what to do. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { type CommandStage, startCommandStage } from "../helpers/command-stage.ts";

const stack = new AsyncDisposableStack();
let folder: CommandStage["folder"];
let server: CommandStage["server"];
let cli: CommandStage["cli"];
let write: CommandStage["write"];
let keyPath: CommandStage["keyPath"];

beforeAll(async () => {
  ({ folder, server, cli, write, keyPath } = await startCommandStage(stack));
});
afterAll(() => stack.disposeAsync());

const doctor = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) => {
  const result = await cli.with({ env }, "doctor", "--json", ...args);
  const findings = JSON.parse(result.stdout) as readonly {
    grade: string;
    what: string;
    text: string;
    advice?: string;
  }[];
  return { code: result.code, findings };
};

const settings = () => ({
  JWT_LISTEN: `127.0.0.1:${server.port}`,
  JWT_JWKS_FILE: keyPath("keys.json"),
  JWT_VERIFIER_KEY: server.verifierKey,
});

describe("doctor", () => {
  const GOOD =
    "frontend f\n  http-request del-header ^x[^a-z0-9]tkn([^a-z0-9]|$) -m reg\n  http-request lua.verify-jwt\n  http-request deny deny_status 503 unless { var(txn.tkn.valid) -m found }\n";

  test("finds nothing wrong where all is well", async () => {
    const config = write("good.cfg", GOOD);
    const { code, findings } = await doctor(settings(), "--haproxy-config", config);
    expect(findings.filter(({ grade }) => grade === "fail")).toEqual([]);
    expect(code).toBe(0);
    expect(findings.map(({ what }) => what)).toEqual(
      expect.arrayContaining(["store", "keys", "server"]),
    );
  });

  const lines = GOOD.split("\n");
  const PLANTED: readonly (readonly [
    string,
    string,
    () => Promise<readonly [Record<string, string>, string]>,
  ])[] = [
    ["a bad setting", "configuration", async () => [{ JWT_CLOCK_SKEW: "x" }, GOOD]],
    ["a key file that is not there", "key file", async () => [{ JWT_JWKS_FILE: "/none" }, GOOD]],
    [
      "decryption keys open to everybody",
      "decryption keys",
      async () => {
        const path = write("open.json", '{"keys":[]}');
        chmodSync(path, 0o644);
        return [{ JWT_DECRYPT_FILE: path }, GOOD];
      },
    ],
    [
      "another address than the server's",
      "token-server",
      async () => [{ JWT_LISTEN: "127.0.0.1:1" }, GOOD],
    ],
    [
      "no strip line",
      "HAProxy's configuration",
      async () => [{}, lines.toSpliced(1, 1).join("\n")],
    ],
    [
      "no guard line",
      "HAProxy's configuration",
      async () => [{}, lines.toSpliced(3, 1).join("\n")],
    ],
    [
      "a guard before the verifier",
      "HAProxy's configuration",
      async () => [{}, [lines[0], lines[1], lines[3], lines[2]].join("\n")],
    ],
  ];
  for (const [what, where, plant] of PLANTED) {
    test(`finds ${what}, and says what to do`, async () => {
      const [env, text] = await plant();
      const config = write("planted.cfg", text);
      const { code, findings } = await doctor(
        { ...settings(), ...env },
        "--haproxy-config",
        config,
      );
      const found = findings.filter(({ grade }) => grade === "fail");
      expect(found.map((finding) => finding.what)).toEqual([where]);
      expect(found[0]?.advice).toBeTruthy();
      expect(code).toBe(1);
    });
  }

  test("finds that no server runs, and makes nothing where there is nothing", async () => {
    const dataDir = join(folder, "nothing-here");
    const { code, findings } = await doctor({ ...settings(), JWT_DATA_DIR: dataDir });
    expect(code).toBe(1);
    expect(findings).toContainEqual(expect.objectContaining({ grade: "fail", what: "server" }));
    expect(await Bun.file(join(dataDir, "haproxy-jwt.db")).exists()).toBe(false);
  });
});
