/** `serve`: runs the server until it is told to stop. */
import type { Command } from "commander";
import { startApp, type App } from "../app.ts";
import type { Config } from "../config/load.ts";
import { ConfigError } from "../config/load.ts";
import { createLog, describeError, type Log } from "../log.ts";
import { addSettingFlags, configOf } from "./settings-flags.ts";
import { VERSION } from "./version.ts";

export function registerServe(program: Command): void {
  const command = program
    .command("serve")
    .description("run token-server, key syncer, revocation store, admin page and API");
  addSettingFlags(command).action(async () => {
    const options = command.optsWithGlobals();
    let config = configOf(options, process.env);
    const log = createLog(
      () => config.settings.logLevel,
      (line) => process.stdout.write(line),
    );
    const app = await startApp(config, {
      log,
      version: VERSION,
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      random: () => Math.random(),
    });
    log.info("serving", {
      version: VERSION,
      listen: config.texts.get("listen"),
      ports: app.ports.join(","),
    });
    if (app.firstRunLink !== undefined) {
      // For whoever sits at the console, and for him alone: never a line of the log.
      process.stderr.write(
        `Nobody can log in yet. Make the first admin within 15 minutes here:\n${app.firstRunLink}\n`,
      );
    }
    process.on("SIGHUP", () => {
      void reload(app, options, log).then((next) => {
        config = next ?? config;
      });
    });
    await stopSignal();
    log.info("stopping");
    await app.stop();
  });
}

async function reload(
  app: App,
  options: Readonly<Record<string, unknown>>,
  log: Log,
): Promise<Config | undefined> {
  try {
    const next = configOf(options, process.env);
    await app.reload(next);
    log.info("configuration taken up");
    return next;
  } catch (error) {
    const problems = error instanceof ConfigError ? error.message : undefined;
    log.error("configuration not taken up, nothing was changed", {
      problems,
      ...(problems === undefined ? describeError(error) : {}),
    });
    return undefined;
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}
