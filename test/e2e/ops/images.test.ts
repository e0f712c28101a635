import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../helpers/appliance.ts";
import { mint } from "../../helpers/mint.ts";
import { findFreePort } from "../../helpers/ports.ts";
import { type Program, startProgram } from "../../helpers/program.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";
import { claims, createKeys } from "../../helpers/tokens.ts";
import { waitFor } from "../../helpers/wait-for.ts";

const isFull = process.env["FULL"] !== undefined;
const keys = createKeys();
/** What the build needs to trust registries as this machine does, where that is set at all. */
const TRUST = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"];
const CERTIFICATES = "/etc/ssl/certs";

const ports = {
  server: await findFreePort(),
  admin: await findFreePort(),
  front: await findFreePort(),
  exporter: await findFreePort(),
  upstream: await findFreePort(),
};
const listening = {
  JWT_LISTEN: `127.0.0.1:${ports.server}`,
  JWT_ADMIN_LISTEN: `127.0.0.1:${ports.admin}`,
};
const exporting = { JWT_EXPORTER_BIND: `127.0.0.1:${ports.exporter}` };

/** Asks the HAProxy of the images. */
async function ask(token?: string): Promise<{ readonly status: number; readonly text: string }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`http://127.0.0.1:${ports.front}/`, { headers });
  return { status: response.status, text: await response.text() };
}

describe.if(isFull)("the images", () => {
  const stack = new AsyncDisposableStack();
  let buildah: Buildah;
  let folder: string;
  let server: Program;
  let haproxy: Program;
  beforeAll(async () => {
    folder = createTempFolder(stack);
    buildah = createBuildah(stack, folder);
    await buildah.makeBase();
    await buildah.build("token-server", "--target", "token-server");
    await buildah.build("haproxy");
    const keyFile = join(folder, "keys.json");
    writeFileSync(keyFile, JSON.stringify([keys.rs.entry]), { mode: 0o644 });
    const key = { JWT_VERIFIER_KEY: crypto.randomUUID() };
    server = await buildah.start("token-server", [`${keyFile}:/run/keys.json:ro`], {
      ...key,
      JWT_JWKS_FILE: "/run/keys.json",
      ...listening,
    });
    await buildah.start("haproxy", [], { JWT_SAMPLE_BIND: `127.0.0.1:${ports.upstream}` }, [
      "-f",
      "/usr/local/share/haproxy-jwt/haproxy/sample-upstream.cfg",
    ]);
    haproxy = await buildah.start("haproxy", [], {
      ...key,
      ...exporting,
      JWT_FRONTEND_BIND: `127.0.0.1:${ports.front}`,
      JWT_UPSTREAM: `127.0.0.1:${ports.upstream}`,
      JWT_TOKEN_SERVER: listening.JWT_LISTEN,
    });
    await waitFor("HAProxy to answer", async () => (await ask()).status > 0, 30_000);
  }, 900_000);
  afterAll(() => stack.disposeAsync(), 60_000);

  test("verify a request together", async () => {
    await waitFor(
      "a valid token",
      async () => (await ask(mint(keys.rs, claims()))).text.includes('"x-tkn-valid":"1"'),
      15_000,
    );
    expect((await ask("no.good.token")).text).toContain('"x-tkn-valid":"0"');
  }, 30_000);

  test("run without root", async () => {
    expect(await buildah.userOf("token-server")).toBe("haproxy-jwt");
    expect(await buildah.userOf("haproxy")).toBe("haproxy");
  });

  test("are healthy by their own checks", async () => {
    expect(await buildah.health("token-server", listening)).toBe(0);
    expect(await buildah.health("haproxy", exporting)).toBe(0);
  }, 30_000);

  test("HAProxy's image shows its metrics", async () => {
    const text = await (await fetch(`http://127.0.0.1:${ports.exporter}/metrics`)).text();
    expect(text).toMatch(/haproxy_server_status\{proxy="jwt-token-server",[^}]*state="UP"\} 1/);
  });

  test("HAProxy's check fails when HAProxy is gone, the server's when the server is", async () => {
    await haproxy.kill();
    expect(await buildah.health("haproxy", exporting)).not.toBe(0);
    await server.kill();
    expect(await buildah.health("token-server", listening)).not.toBe(0);
  }, 30_000);
});

interface ImageConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Healthcheck: { readonly Test: readonly string[] };
}

interface Buildah {
  readonly makeBase: () => Promise<void>;
  readonly build: (name: string, ...args: readonly string[]) => Promise<void>;
  readonly start: (
    name: string,
    volumes: readonly string[],
    env: Readonly<Record<string, string>>,
    command?: readonly string[],
  ) => Promise<Program>;
  readonly userOf: (name: string) => Promise<string>;
  /** Runs the image's health check in its newest container; the exit code. */
  readonly health: (name: string, env: Readonly<Record<string, string>>) => Promise<number>;
}

/** Buildah with a store of its own, no registry and no privileges beyond a chroot. */
function createBuildah(stack: AsyncDisposableStack, folder: string): Buildah {
  const store = join(folder, "images");
  const containers = new Map<string, string>();
  const env = { BUILDAH_ISOLATION: "chroot" };
  const words = (...args: readonly string[]) => [
    "buildah",
    "--storage-driver",
    "vfs",
    "--root",
    store,
    "--runroot",
    join(folder, "run"),
    ...args,
  ];
  const spawn = async (...args: readonly string[]) => {
    const child = Bun.spawn(words(...args), {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { stdout: stdout.trim(), stderr, code };
  };
  const run = async (...args: readonly string[]) => {
    const { stdout, stderr, code } = await spawn(...args);
    if (code !== 0) throw new Error(`buildah ${args.join(" ")}: ${stderr.slice(-3000)}`);
    return stdout;
  };
  const trust = Object.entries(process.env).filter(([name]) => TRUST.includes(name));
  /** The image's configuration as Docker keeps it: OCI's has no health check. */
  const configOf = async (name: string): Promise<ImageConfig> => {
    const image = JSON.parse(await run("inspect", "--type", "image", name)) as {
      readonly Docker: { readonly config: ImageConfig };
    };
    return image.Docker.config;
  };
  return {
    makeBase: async () => {
      const made = Bun.spawnSync(
        ["scripts/debian-root", "fresh-bookworm", "bookworm", "ca-certificates", "curl", "openssl"],
        { cwd: ROOT, stderr: "inherit" },
      );
      const container = await run("from", "scratch");
      await run("add", container, made.stdout.toString().trim(), "/");
      await run("commit", container, "base");
      for (const [name, value] of trust) {
        // oxlint-disable-next-line no-await-in-loop -- one container, changed in turn
        await run("config", "--env", `${name}=${value}`, container);
      }
      await run("commit", container, "build-base");
    },
    build: async (name, ...args) => {
      const bases = [
        "--build-arg",
        "BASE=localhost/base",
        "--build-arg",
        "BUILD_BASE=localhost/build-base",
      ];
      const volume = ["--volume", `${CERTIFICATES}:${CERTIFICATES}:ro`];
      await run(
        "bud",
        "--pull-never",
        "--format",
        "docker",
        ...bases,
        ...volume,
        ...args,
        "--tag",
        name,
        ".",
      );
    },
    start: async (name, volumes, settings, command) => {
      const container = await run("from", "--pull-never", `localhost/${name}`);
      containers.set(name, container);
      const { Entrypoint: entry, Cmd: cmd } = await configOf(name);
      const options = [
        ...volumes.flatMap((one) => ["--volume", one]),
        ...Object.entries(settings).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
      ];
      mkdirSync(join(folder, "logs"), { recursive: true });
      return startProgram(stack, {
        // Whatever a container starts ends with it.
        command: [
          "unshare",
          "--pid",
          "--fork",
          "--kill-child",
          "--mount-proc",
          ...words("run", ...options, container, "--", ...entry, ...(command ?? cmd)),
        ],
        env,
        logFile: join(folder, "logs", `${container}.log`),
        cwd: ROOT,
      });
    },
    userOf: async (name) => (await configOf(name)).User,
    health: async (name, settings) => {
      const [, ...check] = (await configOf(name)).Healthcheck.Test;
      const env = Object.entries(settings).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
      return (await spawn("run", ...env, containers.get(name) ?? "", "--", ...check)).code;
    },
  };
}
