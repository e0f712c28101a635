/** The flags of commands that act on a data folder: which folder, and the settings where no server runs. */
import type { Command } from "commander";
import { loadConfig, readSetting, type Config, type ConfigInput } from "../config/load.ts";
import { SETTING_ENTRIES } from "../config/settings.ts";
import { configInputOf, SettingOption, toOption } from "./settings-flags.ts";

/**
 * Adds `--config`, `--data-dir` and, unseen, the other settings' flags. A command's own option of the
 * same name (`--issuer`) is the command's; declare it first.
 */
export function addDataFlags(command: Command): Command {
  for (const [key, setting] of SETTING_ENTRIES) {
    const option = toOption(setting);
    if (command.options.some(({ long }) => long === option.long)) continue;
    if (key === "dataDir") option.description = "data folder of the server (JWT_DATA_DIR)";
    command.addOption(key === "dataDir" ? option : option.hideHelp());
  }
  return command.addOption(new SettingOption("--config <file>", "configuration file (TOML)"));
}

/** What the settings' flags say, the command's own options left out. */
function settingOptions(command: Command): Readonly<Record<string, unknown>> {
  const values = new Map<string, unknown>();
  for (let at: Command | null = command; at !== null; at = at.parent) {
    for (const option of at.options) {
      const name = option.attributeName();
      const isSetting = option instanceof SettingOption || at.parent === null;
      const value: unknown = at.getOptionValue(name);
      // What stands nearest to the command counts.
      if (isSetting && value !== undefined && !values.has(name)) values.set(name, value);
    }
  }
  return Object.fromEntries(values);
}

/** The whole configuration. @throws ConfigError with every problem */
export function dataConfigOf(command: Command): Config {
  return loadConfig(dataInputOf(command));
}

/** Where the command's settings come from. */
export function dataInputOf(command: Command): ConfigInput {
  return configInputOf(settingOptions(command), process.env);
}

/** The data folder alone: a running server has read the rest. @throws ConfigError */
export function dataDirOf(command: Command): string {
  return readSetting("dataDir", dataInputOf(command));
}
