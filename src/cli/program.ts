/** The command tree, and what its failures say and exit with. */
import { Command, CommanderError } from "commander";
import { ConfigError } from "../config/load.ts";
import { AppError, toSentence } from "../core/app-error.ts";
import { registerAdmin } from "./admin.ts";
import { registerBackup, registerRestore } from "./backup.ts";
import { registerCompletion } from "./completion.ts";
import { registerConfig } from "./config.ts";
import { registerDemo } from "./demo/command.ts";
import { registerDoctor } from "./doctor/command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { registerHealthcheck } from "./healthcheck.ts";
import { registerInstall } from "./install/command.ts";
import { registerKeys } from "./keys.ts";
import { registerNodes } from "./nodes.ts";
import { registerRevoke } from "./revoke.ts";
import { registerRules } from "./rules.ts";
import { registerServe } from "./serve.ts";
import { registerStore } from "./store.ts";
import { registerToken } from "./token.ts";
import { registerVersion } from "./version-command.ts";
import { VERSION } from "./version.ts";

/** In the order in which `--help` lists them. */
const REGISTERS: readonly ((program: Command) => void)[] = [
  registerServe,
  registerDemo,
  registerInstall,
  registerRules,
  registerRevoke,
  registerKeys,
  registerNodes,
  registerToken,
  registerAdmin,
  registerBackup,
  registerRestore,
  registerStore,
  registerConfig,
  registerDoctor,
  registerHealthcheck,
  registerCompletion,
  registerVersion,
];

/** Makes the command tree. */
export function createProgram(): Command {
  const program = new Command("haproxy-jwt")
    .description("Verifies JWTs at the HAProxy edge, and takes them back in milliseconds.")
    .version(VERSION, "-V, --version", "print the version")
    .option("--config <file>", "configuration file (TOML)")
    .option("--data-dir <folder>", "data folder of the server (JWT_DATA_DIR)")
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError("(add --help for what this command takes)");
  for (const register of REGISTERS) register(program);
  return program;
}

/** Runs one command. Rejects with what it failed of. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  await createProgram().parseAsync(argv);
}

/** Says on stderr what went wrong, in words. */
export function sayError(error: unknown): void {
  // Commander has already said what was wrong with the words of the command.
  if (error instanceof CommanderError) return;
  const text =
    error instanceof ConfigError
      ? `The configuration cannot be used:\n${error.message.replaceAll(/^/gm, "  ")}`
      : messageOf(error);
  process.stderr.write(`${text}\n`);
}

export function exitCodeOf(error: unknown): number {
  const { failed, usage, badConfig, done } = EXIT_CODES;
  if (error instanceof CommanderError) return error.exitCode === 0 ? done.code : usage.code;
  if (error instanceof ConfigError) return badConfig.code;
  if (error instanceof AppError && error.code === "usage") return usage.code;
  if (error instanceof AppError && error.code === "config") return badConfig.code;
  return failed.code;
}

function messageOf(error: unknown): string {
  if (!(error instanceof AppError)) return error instanceof Error ? error.message : String(error);
  const place = error.path === undefined ? "" : ` (at ${error.path})`;
  const expected = error.expected === undefined ? "" : `; expected ${error.expected}`;
  return toSentence(`${error.message}${place}${expected}`);
}
