/** Brings flags, environment, file and defaults together into one typed configuration, or every problem at once. */
import { readFileSync } from "node:fs";
import { parseIssuers, type IssuerSettings } from "./issuers.ts";
import {
  fileKeyOf,
  SETTING_ENTRIES,
  SETTINGS,
  type Setting,
  type SettingKey,
  type Settings,
} from "./settings.ts";
import { checkTogether } from "./together.ts";
import { ValueProblem, withoutSecrets } from "./values.ts";

export interface Config {
  readonly settings: Settings;
  readonly issuers: readonly IssuerSettings[];
  /** Where each value came from: `flag`, `environment`, `file` or `default`. */
  readonly origins: ReadonlyMap<SettingKey, Origin>;
  /** Each value's text as given, secrets included: redact before showing. */
  readonly texts: ReadonlyMap<SettingKey, string>;
}

export type Origin = "flag" | "environment" | "file" | "default";

/** What was read: the settings that are sound, and every problem of the others. */
export interface Reading extends Omit<Config, "settings"> {
  readonly values: Partial<Settings>;
  readonly problems: readonly ConfigProblem[];
}

export interface ConfigProblem {
  readonly key: string;
  readonly message: string;
}

/** The configuration cannot be used; exit code 78. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];
  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ key, message }) => `${key}: ${message}`).join("\n"));
    this.problems = problems;
  }
}

export interface ConfigInput {
  /** Their values; of a secret the path of its file. */
  readonly flags: ReadonlyMap<SettingKey, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A file that must be there. */
  readonly file: string | undefined;
  /** A file that is read where it is there. */
  readonly defaultFile: string;
}

/** Loads the configuration: flags over environment over file over defaults. @throws ConfigError with every problem. */
export function loadConfig(input: ConfigInput): Config {
  return toConfig(readConfig(input));
}

/** Reads as much of the configuration as is sound, so that whatever hangs on that can be looked at too. */
export function readConfig(input: ConfigInput): Reading {
  const problems: ConfigProblem[] = [];
  const file = readFile(input, problems);
  // A file that cannot be read may say otherwise than the default.
  const isKnown = (origin: Origin) => file !== undefined || origin !== "default";
  const origins = new Map<SettingKey, Origin>();
  const texts = new Map<SettingKey, string>();
  const values: Partial<Record<SettingKey, unknown>> = {};
  for (const [key, setting] of SETTING_ENTRIES) {
    try {
      const { text, origin } = findText(key, setting, input, file);
      const value = parseText(setting, text);
      if (isKnown(origin)) values[key] = value;
      texts.set(key, text);
      origins.set(key, origin);
    } catch (error) {
      if (!(error instanceof ValueProblem)) throw error;
      problems.push({ key: setting.name, message: error.message });
    }
  }
  const issuers = readIssuers(file, problems);
  const sound = values as Partial<Settings>;
  problems.push(...checkTogether(sound, issuers));
  return { values: sound, issuers, origins, texts, problems };
}

/** The configuration, where neither the reading nor who looked further found a problem. @throws ConfigError */
export function toConfig(reading: Reading, further: readonly ConfigProblem[] = []): Config {
  const problems = [...reading.problems, ...further];
  if (problems.length > 0) throw new ConfigError(problems);
  const { values, issuers, origins, texts } = reading;
  return { settings: values as Settings, issuers, origins, texts };
}

/**
 * One setting alone, whatever is wrong with the others.
 *
 * @throws ConfigError also where a file that was named cannot be read, or one that may say otherwise
 *   than the default
 */
export function readSetting<K extends SettingKey>(key: K, input: ConfigInput): Settings[K] {
  const problems: ConfigProblem[] = [];
  const file = readFile(input, problems);
  const isReadable = file !== undefined;
  if (!isReadable && input.file !== undefined) throw new ConfigError(problems);
  const setting = SETTINGS[key];
  try {
    const { text, origin } = findText(key, setting, input, file);
    if (!isReadable && origin === "default") throw new ConfigError(problems);
    return parseText(setting, text) as Settings[K];
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error;
    throw new ConfigError([{ key: setting.name, message: error.message }]);
  }
}

/** The value of a text. @throws ValueProblem quoting it, unless it is a secret */
function parseText({ parse, isSecret }: Setting<unknown>, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof ValueProblem) || isSecret) throw error;
    throw new ValueProblem(`${error.message}, but is ${quote(text)}`);
  }
}

/** As a person finds it again; control characters become visible. */
function quote(text: string): string {
  const shown = withoutSecrets(text);
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown);
}

function findText(
  key: SettingKey,
  { name, defaultText, isSecret }: Omit<Setting<unknown>, "parse">,
  input: ConfigInput,
  file: ReadonlyMap<string, unknown> = new Map(),
): { readonly text: string; readonly origin: Origin } {
  const flag = input.flags.get(key);
  if (flag !== undefined) return { text: isSecret ? readSecret(flag) : flag, origin: "flag" };
  const fromEnvironment = variable(input, name);
  if (fromEnvironment !== undefined) return { text: fromEnvironment, origin: "environment" };
  if (isSecret) {
    const path = variable(input, `${name}_FILE`);
    if (path !== undefined) return { text: readSecret(path), origin: "environment" };
    const filePath = file.get(`${fileKeyOf(name)}_file`);
    if (filePath !== undefined) return { text: readSecret(toText(filePath)), origin: "file" };
  }
  const fromFile = file.get(fileKeyOf(name));
  if (fromFile !== undefined) return { text: toText(fromFile), origin: "file" };
  return { text: defaultText, origin: "default" };
}

/** A variable that says something: HAProxy's side takes an empty one for absent, as `VAR=` in a unit means it. */
function variable({ environment }: ConfigInput, name: string): string | undefined {
  const text = environment[name];
  return text?.trim() === "" ? undefined : text;
}

function toText(value: unknown): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return String(value);
  }
  if (Array.isArray(value)) return value.map(toText).join(",");
  throw new ValueProblem("must be a text, a number, true, false, or a list of these");
}

function readSecret(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch {
    throw new ValueProblem(`its file ${path} cannot be read`);
  }
  // Else it would silently be the default that protects.
  if (text === "") throw new ValueProblem(`its file ${path} is empty`);
  return text;
}

/** The file's members; undefined where it cannot be read. */
function readFile(
  input: ConfigInput,
  problems: ConfigProblem[],
): ReadonlyMap<string, unknown> | undefined {
  const path = input.file ?? input.defaultFile;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const isAbsent = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (isAbsent && input.file === undefined) return new Map();
    problems.push({ key: path, message: "cannot be read" });
    return undefined;
  }
  try {
    const members = new Map<string, unknown>(Object.entries(Bun.TOML.parse(text)));
    problems.push(...unknownKeys(members, path));
    return members;
  } catch (error) {
    problems.push({
      key: path,
      message: `is not TOML: ${error instanceof Error ? error.message : ""}`,
    });
    return undefined;
  }
}

function unknownKeys(
  members: ReadonlyMap<string, unknown>,
  path: string,
): readonly ConfigProblem[] {
  const known = new Set(["issuers"]);
  for (const [, { name, isSecret }] of SETTING_ENTRIES) {
    known.add(fileKeyOf(name));
    if (isSecret) known.add(`${fileKeyOf(name)}_file`);
  }
  const unknown = [...members.keys()].filter((key) => !known.has(key));
  return unknown.map((key) => ({ key, message: `is not a setting (${path})` }));
}

function readIssuers(
  file: ReadonlyMap<string, unknown> | undefined,
  problems: ConfigProblem[],
): readonly IssuerSettings[] {
  try {
    return parseIssuers(file?.get("issuers"));
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error;
    problems.push({ key: "issuers", message: error.message });
    return [];
  }
}
