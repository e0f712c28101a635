/** The programs that the demonstration runs: started, waited for, and ended with it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { AppError } from "../../core/app-error.ts";

/** A program of the demonstration. */
export interface Child {
  readonly name: string;
  readonly isRunning: () => boolean;
  /** Ends it at once and waits until it is gone. */
  readonly kill: () => Promise<void>;
  /** What it wrote, for the error when it does not start. */
  readonly output: () => string;
}

/** What to start. */
export interface ChildOptions {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** How it is ended at once; one that cannot be caught unless given. */
  readonly endSignal?: NodeJS.Signals;
}

/** The command line that starts this program again: compiled, or from its source. */
export function ownCommand(): [string, ...string[]] {
  const isCompiled = Bun.main.startsWith("/$bunfs/");
  return isCompiled ? [process.execPath] : [process.execPath, Bun.main];
}

/** What a command came to; `said` on either output. */
export interface Outcome {
  readonly isDone: boolean;
  readonly said: string;
}

/** Runs a command of this program to its end, whatever that is, with nothing of this process's environment. */
export function runOwn(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const [file, ...args] = ownCommand();
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const onlyThat = { env: { PATH: process.env["PATH"], ...env } };
  execFile(file, [...args, ...words], onlyThat, (error, stdout, stderr) =>
    resolve({ isDone: error === null, said: stdout + stderr }),
  );
  return promise;
}

/** Starts a program; it is killed when this process exits. */
export function startChild(options: ChildOptions): Child {
  const [file, ...args] = options.command;
  const log = openSync(options.logFile, "a", 0o600);
  const child = spawn(file, args, {
    env: { PATH: process.env["PATH"], ...options.env },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  let failure = "";
  const ended = waitForEnd(child, (why) => {
    failure = why;
  });
  const isRunning = () => failure === "" && child.exitCode === null && child.signalCode === null;
  const killNow = () => {
    if (isRunning()) child.kill(options.endSignal ?? "SIGKILL");
  };
  process.once("exit", killNow);
  void ended.then(() => process.off("exit", killNow));
  return {
    name: options.name,
    isRunning,
    kill: async () => {
      killNow();
      await ended;
    },
    output: () => `${failure}${readFileSync(options.logFile, "utf8")}`,
  };
}

/**
 * Polls until `isUp` says so.
 *
 * @param interrupted resolves when nobody wants it any more
 * @throws AppError `unavailable` with the end of the program's output when it ended, or after ten seconds.
 */
export async function waitUntilUp(
  child: Child,
  isUp: () => Promise<boolean>,
  interrupted?: Promise<unknown>,
): Promise<void> {
  const end = performance.now() + 10_000;
  const unwanted = new AbortController();
  void interrupted?.then(() => unwanted.abort());
  while (child.isRunning() && !unwanted.signal.aborted && performance.now() < end) {
    // What answers for a program that has ended is another one.
    if ((await isUp().catch(() => false)) && child.isRunning()) return;
    await Bun.sleep(10);
  }
  if (unwanted.signal.aborted) throw new AppError("unavailable", "Stopped before it was up");
  const said = child.output().trim().split("\n").slice(-10).join("\n");
  throw new AppError("unavailable", `${child.name} did not start:\n${said}`);
}

async function waitForEnd(child: ChildProcess, onFailure: (why: string) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once("exit", () => resolve());
  child.once("error", (error) => {
    onFailure(`${error.message}\n`);
    resolve();
  });
  await promise;
}
