/** `serve`: runs the server until it is told to stop. */
import type { Command } from "commander";
import { startApp, type App } from "../app.ts";
import { loadForServer } from "../app/check-config.ts";
import { monotonicMs } from "../app/clock.ts";
import type { Config } from "../config/load.ts";
import { ConfigError } from "../config/load.ts";
import { createLog, describeError, type Log } from "../log.ts";
import { createServiceManager, sendDatagram, type ServiceManager } from "../systemd.ts";
import { addSettingFlags, configInputOf } from "./settings-flags.ts";
import { VERSION } from "./version.ts";

export function registerServe(program: Command): void {
  const command = program
    .command("serve")
    .description("run token-server, key syncer, revocation store, admin page and API");
  addSettingFlags(command).action(async () => {
    const options = command.optsWithGlobals();
    const read = () => loadForServer(configInputOf(options, process.env));
    const config = read();
    let { logLevel } = config.settings;
    const log = createLog(
      () => logLevel,
      (line) => process.stdout.write(line),
    );
    const manager = createServiceManager({
      environment: process.env,
      pid: process.pid,
      send: sendDatagram,
      every: (intervalMs, run) => {
        const timer = setInterval(run, intervalMs);
        return () => clearInterval(timer);
      },
    });
    const broken = Promise.withResolvers<void>();
    const app = await startApp(config, {
      log,
      version: VERSION,
      nowMs: () => Date.now(),
      monotonicMs,
      random: () => Math.random(),
      onBroken: broken.resolve,
    });
    log.info("serving", {
      version: VERSION,
      listen: config.texts.get("listen"),
      ports: app.ports.filter((port) => port !== undefined).join(","),
    });
    if (app.firstRunLink !== undefined) {
      // For whoever sits at the console, and for him alone: never a line of the log.
      process.stderr.write(
        `Nobody can log in yet. Make the first admin within 15 minutes here:\n${app.firstRunLink}\n`,
      );
    }
    manager.ready("serving");
    let reloading = Promise.resolve(config);
    process.on("SIGHUP", () => {
      // One after the other: the file of the last signal is the one that counts.
      reloading = reloading.then((current) => reload(app, read, current, log, manager));
      void reloading.then((current) => {
        logLevel = current.settings.logLevel;
        return current;
      });
    });
    await Promise.race([stopSignal(), broken.promise.then(() => (process.exitCode = 1))]);
    log.info("stopping");
    manager.stopping();
    await app.stop();
  });
}

async function reload(
  app: App,
  read: () => Config,
  former: Config,
  log: Log,
  manager: ServiceManager,
): Promise<Config> {
  manager.reloading();
  try {
    const { config, waiting } = await app.reload(read);
    log.info("configuration taken up");
    if (waiting.length > 0) {
      log.warn("these settings wait for a restart", { settings: waiting.join(",") });
    }
    return config;
  } catch (error) {
    const problems = error instanceof ConfigError ? error.message : undefined;
    log.error("configuration not taken up, nothing was changed", {
      problems,
      ...(problems === undefined ? describeError(error) : {}),
    });
    return former;
  } finally {
    manager.ready("serving");
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}
