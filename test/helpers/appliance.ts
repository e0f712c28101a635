/** The compiled program as a token-server in a folder of its own, and its command line. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "./ports.ts";
import { type Program, startProgram } from "./program.ts";
import { waitFor } from "./wait-for.ts";

/** The repository's root: tests run the files that are shipped. */
export const ROOT = join(import.meta.dir, "..", "..");

/** The binary under test. */
export const BINARY = process.env["JWT_TEST_BINARY"] ?? join(ROOT, "dist", "haproxy-jwt");

/** A token-server that can be stopped and started over on the same data and ports. */
export interface Appliance {
  readonly port: number;
  readonly adminPort: number;
  readonly dataDir: string;
  readonly logFile: string;
  /** The secret that HAProxy's side shares with it. */
  readonly verifierKey: string;
  readonly program: () => Program;
  readonly isReady: () => Promise<boolean>;
  /** SIGTERM and wait. */
  readonly stop: () => Promise<void>;
  /** SIGKILL and wait. */
  readonly kill: () => Promise<void>;
  /** Starts it again; returns when ready, or with `"up"` as soon as it answers at all. */
  readonly start: (until?: "ready" | "up") => Promise<void>;
  /** Runs a command of the binary on this server's data. */
  readonly run: (...args: readonly string[]) => Promise<CommandResult>;
  /** Posts a token to it as any caller may. */
  readonly judge: (token: string, headers?: Readonly<Record<string, string>>) => Promise<Judgement>;
}

/** What a command did. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The token-server's answer (contract §5). */
export interface Judgement {
  readonly status: number;
  readonly valid?: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly body?: unknown;
}

/** Where and with what settings to run. */
export interface ApplianceOptions {
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The token-server's; free when not given. */
  readonly port?: number;
  /** A configuration file; the log level is then left to it. */
  readonly config?: string;
  /** Whether to wait until `/readyz` says 200 (default), or only until it answers. */
  readonly until?: "ready" | "up";
  /** Words before the program's name, such as `taskset -c 0`. */
  readonly prefix?: readonly string[];
}

/** Starts the compiled server; it stops when `stack` is disposed. */
export async function startAppliance(
  stack: AsyncDisposableStack,
  options: ApplianceOptions,
): Promise<Appliance> {
  if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: run scripts/build`);
  const port = options.port ?? (await findFreePort());
  const adminPort = await findFreePort();
  const dataDir = join(options.folder, "data");
  const logFile = join(options.folder, "serve.log");
  mkdirSync(dataDir, { mode: 0o700, recursive: true });
  const verifierKey = options.env?.["JWT_VERIFIER_KEY"] ?? crypto.randomUUID();
  const env = {
    JWT_LISTEN: `127.0.0.1:${port}`,
    JWT_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
    JWT_DATA_DIR: dataDir,
    JWT_VERIFIER_KEY: verifierKey,
    ...(options.config === undefined ? { JWT_LOG_LEVEL: "debug" } : {}),
    ...options.env,
  };
  const spawn = () =>
    startProgram(stack, {
      command: [
        ...(options.prefix ?? []),
        BINARY,
        "serve",
        ...(options.config === undefined ? [] : ["--config", options.config]),
      ],
      env,
      logFile,
      cwd: options.folder,
    });
  let program = spawn();
  const status = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      signal: AbortSignal.timeout(2000),
    });
    await response.arrayBuffer();
    return response.status;
  };
  const isReady = async () => (await status("/readyz")) === 200;
  const waitUntil = (until: "ready" | "up") =>
    waitFor(`the server to be ${until}; it says:\n${program.output().slice(-2000)}`, async () => {
      if (!program.isRunning()) throw new Error(program.output().slice(-2000));
      const path = until === "ready" ? "/readyz" : "/livez";
      const code = await status(path);
      return until === "ready" ? code === 200 : code > 0;
    });
  await waitUntil(options.until ?? "ready");
  return {
    port,
    adminPort,
    dataDir,
    logFile,
    verifierKey,
    program: () => program,
    isReady: () => isReady().catch(() => false),
    stop: () => program.stop(),
    kill: () => program.kill(),
    start: async (until = "ready") => {
      program = spawn();
      await waitUntil(until);
    },
    run: (...args) => runCommand(args, env),
    judge: async (token, headers = {}) => {
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        method: "POST",
        body: token,
        headers: { "content-type": "application/jwt", ...headers },
      });
      const text = await response.text();
      return { status: response.status, ...toRecord(text) };
    },
  };
}

/** Runs the binary with an environment and waits for its end; one that does not end is killed after 20 s. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const child = Bun.spawn([BINARY, ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

function toRecord(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
