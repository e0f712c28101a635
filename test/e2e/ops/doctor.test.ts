import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Appliance, ROOT, runCommand, startAppliance } from "../../helpers/appliance.ts";
import { HAPROXY } from "../../helpers/haproxy.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const keys = createKeys();
const SHIPPED = readFileSync(join(ROOT, "haproxy/haproxy.cfg"), "utf8");

interface Finding {
  readonly grade: "ok" | "warn" | "fail";
  readonly what: string;
  readonly text: string;
  readonly advice?: string;
}

/** What a mistake is planted in. */
interface Patient {
  readonly server: Appliance;
  readonly folder: string;
  readonly keyFile: string;
  readonly configFile: string;
  readonly env: Record<string, string>;
}

/** Each changes one thing of a sound installation; the doctor has to name it. */
const MISTAKES: readonly {
  readonly name: string;
  readonly plant: (patient: Patient) => Promise<void> | void;
  readonly finds: RegExp;
}[] = [
  {
    name: "the server does not run",
    plant: ({ server }) => server.stop(),
    finds: /server: it does not run/,
  },
  {
    name: "the key file has no usable key",
    plant: async ({ server, keyFile }) => {
      writeFileSync(keyFile, JSON.stringify([{ kid: "x" }]));
      await server.run("keys", "sync");
    },
    finds: /keys: .*keys\.json/,
  },
  {
    name: "the key file is gone",
    plant: async ({ server, keyFile, env }) => {
      env["JWT_JWKS_FILE"] = `${keyFile}.gone`;
      await server.run("keys", "sync");
    },
    finds: /JWT_JWKS_FILE.*gone|key file: .*gone cannot be read/,
  },
  {
    name: "the data folder is open to others",
    plant: ({ server }) => chmodSync(server.dataDir, 0o755),
    finds: /data folder: .*open to others/,
  },
  {
    name: "the decryption keys are open to everybody",
    plant: ({ folder, env }) => {
      const path = join(folder, "decrypt.json");
      writeFileSync(path, JSON.stringify({ keys: [keys.dir.jwk] }));
      chmodSync(path, 0o644);
      env["JWT_DECRYPT_FILE"] = path;
    },
    finds: /decryption keys: .*open to everybody/,
  },
  {
    name: "a setting has a value that cannot be",
    plant: ({ env }) => void (env["JWT_CLOCK_SKEW"] = "soon"),
    finds: /configuration: JWT_CLOCK_SKEW must be/,
  },
  {
    name: "the strip line is missing",
    plant: ({ configFile }) =>
      writeFileSync(configFile, SHIPPED.replace(/^\s*http-request del-header.*$/m, "")),
    finds: /frontend jwt: .*not stripped/,
  },
  {
    name: "the strip line comes after the verification",
    plant: ({ configFile }) => {
      const strip = /^\s*http-request del-header.*\n/m.exec(SHIPPED)?.[0] ?? "";
      const moved = SHIPPED.replace(strip, "").replace(
        /^(\s*http-request deny deny_status 503 unless .*\n)/m,
        `$1${strip}`,
      );
      writeFileSync(configFile, moved);
    },
    finds: /frontend jwt: .*not stripped/,
  },
  {
    name: "the guard line is missing",
    plant: ({ configFile }) =>
      writeFileSync(configFile, SHIPPED.replace(/^\s*http-request deny deny_status 503.*$/m, "")),
    finds: /frontend jwt: .*passes when Lua fails/,
  },
  {
    name: "the server listens elsewhere than is configured",
    plant: ({ env }) => void (env["JWT_LISTEN"] = "127.0.0.1:9"),
    finds: /token-server: nothing answers at 127\.0\.0\.1:9/,
  },
  {
    name: "an issuer's clock is an hour ahead",
    plant: ({ env }) => {
      const date = new Date(Date.now() + 3_600_000).toUTCString();
      const issuer = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch: () => new Response("{}", { headers: { date } }),
      });
      stack.defer(() => issuer.stop(true));
      env["JWT_JWKS_URL"] = `http://127.0.0.1:${issuer.port}/keys`;
    },
    finds: /clock: .* is 3[56]\d\d s away/,
  },
  {
    name: "HAProxy is a release with a known fault",
    plant: ({ folder, env }) => {
      const path = join(folder, "haproxy");
      const lines = ["HAProxy version 2.6.8 2023/01/24", "Built with Lua version : Lua 5.3.6"];
      writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' '${lines.join("' '")}'\n`, { mode: 0o755 });
      env["HAPROXY_BIN"] = path;
    },
    finds: /HAProxy: version 2\.6\.8 has CVE/,
  },
  {
    name: "HAProxy was built without Lua",
    plant: ({ folder, env }) => {
      const path = join(folder, "haproxy");
      writeFileSync(path, "#!/bin/sh\necho 'HAProxy version 3.2.1 2025/06/11'\n", { mode: 0o755 });
      env["HAPROXY_BIN"] = path;
    },
    finds: /Lua: this HAProxy has none/,
  },
];

let stack: AsyncDisposableStack;
let patient: Patient;
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const folder = createTempFolder(stack);
  const keyFile = join(folder, "keys.json");
  writeFileSync(keyFile, JSON.stringify([keys.rs.entry]), { mode: 0o644 });
  const configFile = join(folder, "haproxy.cfg");
  writeFileSync(configFile, SHIPPED);
  const server = await startAppliance(stack, { folder, env: { JWT_JWKS_FILE: keyFile } });
  const env = {
    JWT_JWKS_FILE: keyFile,
    JWT_DATA_DIR: server.dataDir,
    JWT_LISTEN: `127.0.0.1:${server.port}`,
    JWT_VERIFIER_KEY: server.verifierKey,
    HAPROXY_BIN: HAPROXY,
  };
  patient = { server, folder, keyFile, configFile, env };
});
afterEach(() => stack.disposeAsync());

async function examine() {
  const { configFile, env } = patient;
  const args = ["doctor", "--haproxy-config", configFile, "--json"];
  const { code, stdout, stderr } = await runCommand(args, env);
  const findings = JSON.parse(stdout) as readonly Finding[];
  return { code, findings, stderr };
}

function bad(findings: readonly Finding[]): readonly string[] {
  return findings
    .filter(({ grade }) => grade === "fail")
    .map(({ what, text }) => `${what}: ${text}`);
}

describe("the doctor", () => {
  test("finds nothing wrong with a sound installation", async () => {
    const { code, findings } = await examine();
    expect(bad(findings)).toEqual([]);
    expect(code).toBe(0);
  });

  for (const { name, plant, finds } of MISTAKES) {
    test(`finds that ${name}, and says what to do`, async () => {
      await plant(patient);
      const found = await waitFor("the finding", async () => {
        const { code, findings } = await examine();
        const one = findings.find(({ what, text }) => finds.test(`${what}: ${text}`));
        return one !== undefined && { code, one };
      });
      expect([found.code, found.one.grade]).toEqual([1, "fail"]);
      expect(found.one.advice?.length ?? 0).toBeGreaterThan(5);
    });
  }

  test("says nothing secret", async () => {
    const { stderr, findings } = await examine();
    const said = stderr + JSON.stringify(findings);
    expect(said).not.toContain(patient.server.verifierKey);
    expect(said).not.toContain(String(keys.rs.entry["cert"]).split("\n")[1] ?? "nothing");
  });
});
