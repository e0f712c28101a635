/** Writes the man page, haproxy-jwt(1), from the command tree, the settings and the exit codes. */
import type { Argument, Command, Option } from "commander";
import { SETTING_ENTRIES } from "../config/settings.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { SettingOption } from "./settings-flags.ts";

/** A place of the file system that a user of the program may come to know. */
export interface KnownFile {
  readonly path: string;
  readonly meaning: string;
}

/** The page in man(7) macros. The same tree makes the same bytes. */
export function toManPage(program: Command, version: string, files: readonly KnownFile[]): string {
  const lines = [
    '.\\" Generated from the command tree; do not edit.',
    `.TH HAPROXY-JWT 1 "" "haproxy-jwt ${text(version)}" "User commands"`,
    ".SH NAME",
    `haproxy-jwt \\- ${text(firstLower(program.description()))}`,
    ".SH SYNOPSIS",
    ".B haproxy-jwt",
    ".I command",
    "[\\fIoption\\fR ...]",
    ".SH COMMANDS",
    ...leaves(program).flatMap(describeCommand),
    ".SH SETTINGS",
    text(
      "Flags go over environment, environment over file, file over defaults. In the file a name is in " +
        "lower case and without JWT_; as a flag it has dashes. A secret may also be given as NAME_FILE.",
    ),
    ...SETTING_ENTRIES.flatMap(([, { name, meaning, defaultText }]) =>
      paragraph(
        bold(name),
        plain(meaning) + (defaultText === "" ? "" : ` Default: ${defaultText}.`),
      ),
    ),
    ".SH FILES",
    ...files.flatMap(({ path, meaning }) => paragraph(italic(path), meaning)),
    ".SH EXIT STATUS",
    ...Object.values(EXIT_CODES).flatMap(({ code, meaning }) =>
      paragraph(bold(String(code)), meaning),
    ),
    ".SH SIGNALS",
    ...paragraph(
      bold("SIGHUP"),
      "serve: read the configuration again; keys, policy and log level change.",
    ),
    ...paragraph(bold("SIGTERM"), "serve: answer what has been asked, then end."),
    ".SH SEE ALSO",
    ".BR haproxy (1)",
  ];
  return `${lines.join("\n")}\n`;
}

/** The commands that do something, each with its path of words. */
export function leaves(command: Command, path: readonly string[] = []): readonly LeafCommand[] {
  const children = command.commands.filter((child) => child.name() !== "help");
  if (children.length === 0) return [{ command, path }];
  return children.flatMap((child) => leaves(child, [...path, child.name()]));
}

export interface LeafCommand {
  readonly command: Command;
  /** Its words after the program's name. */
  readonly path: readonly string[];
}

/** The arguments as a user types them: `<file>`, `[name...]`. */
export function toArguments(command: Command): string {
  return command.registeredArguments.map(toArgument).join(" ");
}

/** A command's own options, also one that is called as a setting is: those are told with the settings. */
export function ownOptions(command: Command): readonly Option[] {
  return command.options.filter(
    (option) =>
      !option.hidden && (option.long === "--config" || !(option instanceof SettingOption)),
  );
}

function toArgument(argument: Argument): string {
  const name = argument.name() + (argument.variadic ? "..." : "");
  return argument.required ? `<${name}>` : `[${name}]`;
}

function describeCommand({ command, path }: LeafCommand): readonly string[] {
  const args = toArguments(command);
  return [
    ".TP",
    `${bold(path.join(" "))}${args === "" ? "" : ` ${italic(args)}`}`,
    text(command.description()),
    ...ownOptions(command).flatMap(({ flags, description }) => [
      ".RS",
      ".TP",
      bold(flags),
      text(description),
      ".RE",
    ]),
  ];
}

function paragraph(tag: string, body: string): readonly string[] {
  return [".TP", tag, text(body)];
}

function bold(words: string): string {
  return `\\fB${text(words)}\\fR`;
}

function italic(words: string): string {
  return `\\fI${text(words)}\\fR`;
}

/** Markdown's backquotes have no meaning here. */
function plain(words: string): string {
  return words.replaceAll("`", "");
}

/** Text that roff takes as text: backslashes, dashes, and a control character at a line's start. */
function text(words: string): string {
  const escaped = words
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("…", "...")
    .replaceAll("–", "\\(en");
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function firstLower(words: string): string {
  return words.slice(0, 1).toLowerCase() + words.slice(1).replace(/\.$/, "");
}
