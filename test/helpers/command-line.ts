/** Runs commands of the compiled binary as somebody at a shell would: with input, elsewhere, as another user. */
import { BINARY, type CommandResult } from "./appliance.ts";

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
  /** Words before the program's name, such as `setpriv --reuid 65534`. */
  readonly prefix?: readonly string[];
  /** When it is killed; 30 s, unless given. */
  readonly timeoutMs?: number;
}

/** A data folder's command line. */
export interface CommandLine {
  (...args: readonly string[]): Promise<CommandResult>;
  readonly dataDir: string;
  /** The same with input or other circumstances. */
  readonly with: (options: CommandOptions, ...args: readonly string[]) => Promise<CommandResult>;
}

const TIMEOUT_MS = 30_000;

/** Makes the command line of a data folder; commands find it in the environment. */
export function createCommandLine(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): CommandLine {
  const run = (options: CommandOptions, ...args: readonly string[]) =>
    spawn(args, { ...options, env: { JWT_DATA_DIR: dataDir, ...env, ...options.env } });
  return Object.assign((...args: readonly string[]) => run({}, ...args), { dataDir, with: run });
}

async function spawn(args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const child = Bun.spawn([...(options.prefix ?? []), BINARY, ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...options.env },
    stdin: options.stdin === undefined ? "ignore" : Buffer.from(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
    timeout: options.timeoutMs ?? TIMEOUT_MS,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** The last line of an output as JSON. */
export function parseOutput(result: CommandResult): Readonly<Record<string, unknown>> {
  const line = result.stdout.trim().split("\n").at(-1) ?? "";
  return JSON.parse(line) as Record<string, unknown>;
}
