/** Real HAProxy on a configuration file that is run as it is. */
import { join } from "node:path";
import { ROOT } from "./appliance.ts";
import { findFreePort } from "./ports.ts";
import { type Program, startProgram } from "./program.ts";
import { openConnection } from "./raw-client.ts";
import { waitFor } from "./wait-for.ts";

/** The program: HAPROXY_BIN or the one on the PATH. */
export const HAPROXY = process.env["HAPROXY_BIN"] ?? "haproxy";

/** A running HAProxy. */
export interface Haproxy {
  readonly port: number;
  readonly logFile: string;
  readonly program: () => Program;
  /** A new process takes over the port as a reload does; returns once it answers. */
  readonly reload: () => Promise<void>;
}

/** What to run. */
export interface HaproxyOptions {
  readonly folder: string;
  /** A file's path, or a name under haproxy/. */
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
  /** The port its frontend takes; free when not given, and then handed over in JWT_FRONTEND_BIND. */
  readonly port?: number;
  /** Files for the command line before the first: what 3.x takes only ahead of all sections. */
  readonly leadingConfigs?: readonly string[];
  /** More files for the command line, after the first. */
  readonly extraConfigs?: readonly string[];
  /** Words before the program's name, such as `taskset -c 0`. */
  readonly prefix?: readonly string[];
}

/** Starts HAProxy and waits until it accepts connections; it stops when `stack` is disposed. */
export async function startHaproxy(
  stack: AsyncDisposableStack,
  options: HaproxyOptions,
): Promise<Haproxy> {
  const port = options.port ?? (await findFreePort());
  const logFile = join(options.folder, `haproxy-${port}.log`);
  const configs = [
    ...(options.leadingConfigs ?? []),
    toPath(options.config),
    ...(options.extraConfigs ?? []),
  ];
  const spawn = (...args: readonly string[]) =>
    startProgram(stack, {
      command: [
        ...(options.prefix ?? []),
        HAPROXY,
        "-db",
        ...configs.flatMap((path) => ["-f", path]),
        ...args,
      ],
      env: {
        JWT_LUA_DIR: join(ROOT, "lua"),
        JWT_FRONTEND_BIND: `127.0.0.1:${port}`,
        ...options.env,
      },
      logFile,
      cwd: options.folder,
    });
  let program = spawn();
  const waitUntilUp = () =>
    waitFor("HAProxy to accept connections", async () => {
      if (!program.isRunning()) return "ended";
      (await openConnection(port)).close();
      return "up";
    });
  const check = async () => {
    if ((await waitUntilUp()) === "ended") {
      throw new Error(`HAProxy ended:\n${program.output().slice(-3000)}`);
    }
  };
  await check();
  return {
    port,
    logFile,
    program: () => program,
    reload: async () => {
      const old = program;
      program = spawn("-sf", String(old.pid));
      await waitFor("the old process to give up its port", () => hasLetGo(old));
      await check();
    },
  };
}

/** Runs `haproxy -c`; the exit code and what it said. */
export async function checkConfig(
  config: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly output: string }> {
  const child = Bun.spawn([HAPROXY, "-c", "-f", toPath(config)], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = await new Response(child.stdout).text();
  const errors = await new Response(child.stderr).text();
  return { code: await child.exited, output: output + errors };
}

function toPath(config: string): string {
  return config.includes("/") ? config : join(ROOT, "haproxy", config);
}

/** Whether an old process no longer listens: it says so for each of its proxies, with its process id. */
function hasLetGo(old: Program): boolean {
  return !old.isRunning() || old.output().includes(`(${old.pid}) : Proxy `);
}
