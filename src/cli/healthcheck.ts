/** `healthcheck`: asks the token-server whether it is ready, for containers and monitors. */
import type { Command } from "commander";
import type { Listen } from "../config/values.ts";
import { AppError } from "../core/app-error.ts";
import { Members, parseMembers } from "./api-answer.ts";
import { print, printJson } from "./output.ts";
import { addSettingFlags, configOf } from "./settings-flags.ts";

const TIMEOUT_MS = 3000;

export function registerHealthcheck(program: Command): void {
  const command = program
    .command("healthcheck")
    .description("exit 0 when the token-server on JWT_LISTEN is ready, else 1")
    .option("--live", "ask only whether it runs")
    .option("--json", "print its answer");
  addSettingFlags(command).action(async () => {
    const options = command.optsWithGlobals();
    const [address] = configOf(options, process.env).settings.listen;
    if (address === undefined) throw new AppError("config", "JWT_LISTEN names no address");
    const what = options["live"] === true ? "live" : "ready";
    const { status, text } = await ask(address, `/${what}z`);
    if (options["json"] === true) printJson(text);
    else for (const line of toLines(what, status, parseMembers(text))) print(line);
    process.exitCode = status === 200 ? 0 : 1;
  });
}

async function ask(address: Listen, path: string): Promise<{ status: number; text: string }> {
  const { url, init } = toTarget(address, path);
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    throw new AppError("unavailable", `The token-server does not answer at ${url}`, { cause });
  }
}

function toTarget(address: Listen, path: string) {
  if (address.kind === "unix") {
    return { url: `http://localhost${path}`, init: { unix: address.path } };
  }
  // An address for all interfaces is no address to call.
  const host = new Map([
    ["0.0.0.0", "127.0.0.1"],
    ["::", "::1"],
  ]).get(address.host);
  const name = host ?? address.host;
  return {
    url: `http://${name.includes(":") ? `[${name}]` : name}:${address.port}${path}`,
    init: {},
  };
}

function toLines(what: string, status: number, answer: Members): readonly string[] {
  const checks = answer.object("checks");
  const problems = ["store", "rules", "keys", "process"].flatMap((name) => {
    const word = checks.text(name);
    return word === undefined || word === "ok" ? [] : [`${name}: ${word}`];
  });
  return status === 200 ? [what] : [`not ${what}`, ...problems];
}
