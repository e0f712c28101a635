/** The settings as command line flags, and the configuration that a command runs with. */
import { type Command, Option } from "commander";
import { loadConfig, type Config, type ConfigInput } from "../config/load.ts";
import { flagOf, type Setting, SETTING_ENTRIES, type SettingKey } from "../config/settings.ts";

/** The configuration file that is read where none is named. */
export const DEFAULT_CONFIG_FILE = "/etc/haproxy-jwt/haproxy-jwt.toml";

/** An option that is a setting, whatever else a command calls its own options. */
export class SettingOption extends Option {}

/** A setting's option. */
export function toOption(setting: Setting<unknown>): SettingOption {
  const kind = setting.isSecret ? "file" : "value";
  return new SettingOption(`${flagOf(setting)} <${kind}>`, setting.meaning);
}

/** Adds `--config` and a flag for each setting to a command. */
export function addSettingFlags(command: Command): Command {
  command.option("--config <file>", "configuration file (TOML)");
  for (const [, setting] of SETTING_ENTRIES) {
    command.addOption(toOption(setting));
  }
  return command;
}

/** Loads the configuration of a command's flags. @throws ConfigError with every problem */
export function configOf(options: OptionValues, environment: Environment): Config {
  return loadConfig(configInputOf(options, environment));
}

/** Where a command's settings come from. */
export function configInputOf(options: OptionValues, environment: Environment): ConfigInput {
  const flags = new Map<SettingKey, string>();
  for (const [key, setting] of SETTING_ENTRIES) {
    const value = options[toOptionKey(flagOf(setting))];
    if (typeof value === "string") flags.set(key, value);
  }
  const { config } = options;
  return {
    flags,
    environment,
    file: typeof config === "string" ? config : undefined,
    defaultFile: DEFAULT_CONFIG_FILE,
  };
}

type OptionValues = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string | undefined>>;

/** The name under which commander keeps a flag's value. */
function toOptionKey(flag: string): string {
  return flag.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
