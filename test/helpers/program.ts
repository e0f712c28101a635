/** Child programs: started with a clean environment, their output kept, stopped with the test. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { within } from "./wait-for.ts";

/** What to start. */
export interface ProgramOptions {
  readonly command: readonly string[];
  /** The whole environment beside PATH, HOME and TMPDIR: nothing of the caller's leaks in. */
  readonly env?: Readonly<Record<string, string>>;
  /** The file that stdout and stderr are appended to. */
  readonly logFile: string;
  readonly cwd?: string;
}

/** A program that was started and may have ended. */
export interface Program {
  readonly pid: number;
  /** The exit code; null when a signal ended it. Settles once. */
  readonly exited: Promise<number | null>;
  readonly isRunning: () => boolean;
  /** All that it has written so far, stdout and stderr in one. */
  readonly output: () => string;
  readonly signal: (name: NodeJS.Signals) => void;
  /** SIGTERM, after three seconds SIGKILL; returns once it is gone. */
  readonly stop: () => Promise<void>;
  /** SIGKILL; returns once it is gone. */
  readonly kill: () => Promise<void>;
}

// The kernel ends the child when the test runner dies, however that happens.
const LEASH = ["setpriv", "--pdeathsig", "KILL", "--"];

/** Starts a program that is stopped, if still there, when `stack` is disposed. */
export function startProgram(stack: AsyncDisposableStack, options: ProgramOptions): Program {
  const log = openSync(options.logFile, "a", 0o600);
  const child = Bun.spawn([...LEASH, ...options.command], {
    env: { ...inherited(), ...options.env },
    stdin: "ignore",
    stdout: log,
    stderr: log,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  const program = toProgram(child, options.logFile);
  stack.defer(program.stop);
  return program;
}

function toProgram(child: Bun.Subprocess, logFile: string): Program {
  const exited = child.exited.then(() => child.exitCode);
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const kill = async () => {
    if (isRunning()) child.kill("SIGKILL");
    await exited;
  };
  return {
    pid: child.pid,
    exited,
    isRunning,
    output: () => readFileSync(logFile, "latin1"),
    signal: (name) => {
      if (isRunning()) child.kill(name);
    },
    kill,
    stop: async () => {
      if (!isRunning()) return;
      // A program that was paused cannot hear SIGTERM.
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      await within(`process ${child.pid} to end`, exited, 3000).catch(kill);
    },
  };
}

function inherited(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ["PATH", "HOME", "TMPDIR"]) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
