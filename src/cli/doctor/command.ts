/** `doctor`: looks at everything that has to be right, and says of each what to do. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { loadForServer } from "../../app/check-config.ts";
import { ConfigError, type Config } from "../../config/load.ts";
import { AppError } from "../../core/app-error.ts";
import { connect, isServing } from "../connect.ts";
import { addDataFlags, dataInputOf } from "../data-flags.ts";
import { print, printJson } from "../output.ts";
import { checkFiles } from "./check-files.ts";
import { checkHaproxy, checkOrder } from "./check-haproxy.ts";
import { checkReach } from "./check-reach.ts";
import { checkServer, notRunning } from "./check-server.ts";
import { well, wrong, type Finding } from "./finding.ts";

const DEFAULT_HAPROXY_CONFIG = "/etc/haproxy/haproxy.cfg";

export function registerDoctor(program: Command): void {
  const command = program
    .command("doctor")
    .description("look at everything that has to be right; exit 1 when something is wrong")
    .option("--haproxy-config <file>", "HAProxy's configuration", DEFAULT_HAPROXY_CONFIG)
    .option("--json", "print JSON");
  addDataFlags(command).action(async (options: Options) => {
    const findings = await examine(command, options);
    if (options.json === true) printJson(JSON.stringify(findings));
    else findings.forEach(show);
    process.exitCode = findings.some(({ grade }) => grade === "fail") ? 1 : 0;
  });
}

interface Options {
  readonly haproxyConfig: string;
  readonly json?: true;
}

async function examine(command: Command, options: Options): Promise<readonly Finding[]> {
  const haproxy = [
    ...(await checkHaproxy(process.env["HAPROXY_BIN"] ?? "haproxy")),
    ...(await checkOrder(options.haproxyConfig)),
  ];
  const config = readSoundConfig(command);
  if (Array.isArray(config)) return [...config, ...haproxy];
  const files = checkFiles(config);
  const [server, isServer] = await askServer(command, config.settings.dataDir);
  const reach = await checkReach(config, isServer);
  return [well("configuration", "it can be used"), ...files, ...server, ...reach, ...haproxy];
}

/** The configuration, or what is wrong with it. */
function readSoundConfig(command: Command): Config | Finding[] {
  try {
    return loadForServer(dataInputOf(command));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ key, message }) =>
      wrong(
        "configuration",
        `${key} ${message}`,
        "Mend it, then look with haproxy-jwt config check.",
      ),
    );
  }
}

async function askServer(
  command: Command,
  dataDir: string,
): Promise<readonly [readonly Finding[], boolean]> {
  try {
    // To look must not be to make: without a server, opening a folder makes what is missing in it.
    const isThere = existsSync(join(dataDir, "haproxy-jwt.db"));
    if (!isThere && !(await isServing(dataDir))) return [[notRunning()], false];
    const api = await connect(command);
    try {
      return [await checkServer(api), api.isServer];
    } finally {
      await api.close();
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const advice = error.code === "forbidden" ? "Run this as root." : "Look at the server's log.";
    return [[wrong("server", error.message, advice)], false];
  }
}

function show({ grade, what, text, advice }: Finding): void {
  print(`${grade.padEnd(4)}  ${what}: ${text}`);
  if (advice !== undefined) print(`      ${advice}`);
}
