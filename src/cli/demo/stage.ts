/** Sets the demonstration up in a temporary folder, and takes it down again. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../core/app-error.ts";
import { writeAssets } from "../assets.ts";
import {
  type Child,
  type Outcome,
  ownCommand,
  runOwn,
  startChild,
  waitUntilUp,
} from "./children.ts";
import { createSampleKeys, type SampleKeys } from "./sample-keys.ts";
import { checkPort, findFreePort, startUpstream } from "./upstream.ts";

/** Ports that were asked for; a free one is taken where undefined. */
export interface StagePorts {
  readonly haproxy?: number | undefined;
  readonly server?: number | undefined;
  readonly admin?: number | undefined;
  readonly upstream?: number | undefined;
}

/** What several machines have in common. */
export interface Shared {
  readonly keys: SampleKeys;
  /** Settings of each machine's server. */
  readonly env: Readonly<Record<string, string>>;
}

/** The running demonstration. */
export interface Stage {
  readonly folder: string;
  readonly keys: SampleKeys;
  /** Where HAProxy answers, as in `http://127.0.0.1:8080/`. */
  readonly url: string;
  readonly adminUrl: string;
  /** Flags with which this program's commands act on the demonstration's data, and on no other. */
  readonly flags: string;
  /** Runs such a command. */
  readonly run: (...words: readonly string[]) => Promise<Outcome>;
  /** The server's output so far. */
  readonly serverOutput: () => string;
  readonly killServer: () => Promise<void>;
  readonly startServer: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts an upstream, the server and HAProxy with the shipped configuration, and waits until they answer.
 *
 * @throws AppError `unavailable` when one of them does not start; everything already started is stopped.
 */
export async function setStage(
  ports: StagePorts,
  interrupted: Promise<unknown>,
  shared?: Shared,
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "haproxy-jwt-demo-"));
  const undo: (() => Promise<void> | void)[] = [
    () => rmSync(folder, { recursive: true, force: true }),
  ];
  const stop = async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    return await build(folder, ports, interrupted, shared, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  folder: string,
  ports: StagePorts,
  interrupted: Promise<unknown>,
  common: Shared | undefined,
  undo: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<Stage> {
  const haproxy = findHaproxy();
  for (const [name, port] of Object.entries(ports)) {
    if (typeof port === "number") await checkPort(port, `--${name}-port`);
  }
  const keys = common?.keys ?? createSampleKeys();
  await writeAssets(folder);
  const dataDir = join(folder, "data");
  mkdirSync(dataDir, { mode: 0o700 });
  const keyFile = writePrivate(join(folder, "keys.json"), keys.keyFile);
  // The machine's own may name another store, and people's rules in it.
  const configFile = writePrivate(join(folder, "haproxy-jwt.toml"), "");
  const decryptFile = writePrivate(join(folder, "decrypt.json"), keys.decryptFile);

  const upstream = await startUpstream(ports.upstream ?? 0);
  undo.push(upstream.stop);
  const server = ports.server ?? (await findFreePort());
  const admin = ports.admin ?? (await findFreePort());
  const front = ports.haproxy ?? (await findFreePort());
  const shared = { JWT_VERIFIER_KEY: randomBytes(32).toString("hex"), JWT_JWKS_FILE: keyFile };
  const env = {
    ...shared,
    JWT_LISTEN: `127.0.0.1:${server}`,
    JWT_ADMIN_LISTEN: `127.0.0.1:${admin}`,
    JWT_DATA_DIR: dataDir,
    JWT_DECRYPT_FILE: decryptFile,
    ...common?.env,
  };

  let running: Child | undefined;
  const killServer = async () => running?.kill();
  const startServer = async () => {
    const child = startChild({
      name: "the server",
      command: [...ownCommand(), "serve", "--config", configFile],
      env,
      logFile: join(folder, "serve.log"),
    });
    running = child;
    const isServing = async () =>
      child.output().includes('"message":"serving"') &&
      (await answers(`http://127.0.0.1:${server}/readyz`));
    await waitUntilUp(child, isServing, interrupted);
  };
  undo.push(killServer);
  await startServer();
  const proxy = startChild({
    name: "HAProxy",
    command: [haproxy, "-db", "-f", join(folder, "haproxy", "haproxy.cfg")],
    env: {
      ...shared,
      JWT_LUA_DIR: join(folder, "lua"),
      JWT_FRONTEND_BIND: `127.0.0.1:${front}`,
      JWT_UPSTREAM: `127.0.0.1:${upstream.port}`,
      JWT_TOKEN_SERVER: `127.0.0.1:${server}`,
    },
    logFile: join(folder, "haproxy.log"),
  });
  undo.push(proxy.kill);
  const url = `http://127.0.0.1:${front}/`;
  await waitUntilUp(proxy, () => answers(url, upstream.mark), interrupted);
  return {
    folder,
    keys,
    url,
    adminUrl: `http://127.0.0.1:${admin}/`,
    flags: `--config ${configFile} --data-dir ${dataDir}`,
    run: (...words) => runOwn([...words, "--config", configFile], env),
    serverOutput: () => running?.output() ?? "",
    killServer,
    startServer,
    stop,
  };
}

/** HAPROXY_BIN, or the one on the PATH; Debian keeps it in sbin, which is not on everyone's. */
function findHaproxy(): string {
  const named = process.env["HAPROXY_BIN"];
  const candidates = named === undefined ? ["haproxy", "/usr/sbin/haproxy"] : [named];
  for (const candidate of candidates) {
    try {
      const said = execFileSync(candidate, ["-v"], { encoding: "utf8" });
      if (/haproxy/i.test(said)) return candidate;
    } catch {
      continue;
    }
  }
  throw new AppError("unavailable", "HAProxy was not found: install it, or name it in HAPROXY_BIN");
}

function writePrivate(path: string, text: string): string {
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** @param mark of the upstream that has to be behind it */
async function answers(url: string, mark?: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
  await response.arrayBuffer();
  return response.ok && (mark === undefined || response.headers.get("x-upstream") === mark);
}
