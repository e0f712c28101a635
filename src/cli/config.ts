/** `config check|dump`: whether the configuration can be used, and what it comes to. */
import type { Command } from "commander";
import { SETTING_ENTRIES, type SettingKey } from "../config/settings.ts";
import { ConfigError, type Config } from "../config/load.ts";
import { checkConfig } from "../app/check-config.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { print, printJson, printTable, remark } from "./output.ts";
import { addSettingFlags, configInputOf, configOf } from "./settings-flags.ts";

export function registerConfig(program: Command): void {
  const config = program.command("config").description("the server's configuration");
  const check = config
    .command("check")
    .description("name every problem of the configuration, or say that there is none")
    .option("--json", "print JSON");
  addSettingFlags(check).action(async () => {
    const options = check.optsWithGlobals();
    const isJson = options["json"] === true;
    try {
      const warnings = await checkConfig(configInputOf(options, process.env));
      if (isJson) return printJson(JSON.stringify({ ok: true, warnings }));
      print("The configuration can be used.");
      for (const warning of warnings) remark(`Warning: ${warning}`);
    } catch (error) {
      if (!isJson || !(error instanceof ConfigError)) throw error;
      const problems = error.problems.map(({ key, message }) => ({ key, problem: message }));
      printJson(JSON.stringify({ ok: false, problems }));
      process.exitCode = EXIT_CODES.badConfig.code;
    }
    return undefined;
  });
  const dump = config
    .command("dump")
    .description("show each setting and where it comes from; secrets are left out")
    .option("--json", "print JSON");
  addSettingFlags(dump).action(() => {
    const options = dump.optsWithGlobals();
    const rows = toRows(configOf(options, process.env));
    if (options["json"] === true) return printJson(JSON.stringify(rows));
    printTable(
      ["SETTING", "VALUE", "FROM"],
      rows.map(({ name, value, origin }) => [name, value, origin]),
    );
    return undefined;
  });
}

function toRows(config: Config) {
  return SETTING_ENTRIES.map(([key, setting]) => ({
    name: setting.name,
    value: setting.redact(config.texts.get(key) ?? ""),
    origin: originOf(config, key),
  }));
}

function originOf(config: Config, key: SettingKey): string {
  return config.origins.get(key) ?? "default";
}
