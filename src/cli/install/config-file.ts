/** Writes the commented configuration file from the declared table of settings. */
import { fileKeyOf, SETTING_ENTRIES, type Setting } from "../../config/settings.ts";

const HEAD = `# haproxy-jwt.toml: the settings of \`haproxy-jwt serve\` and of the commands.
# Every line is commented out with its default. The environment (JWT_…) and
# flags go over this file. \`haproxy-jwt config check\` names every problem.
# [live]: taken up by \`systemctl reload haproxy-jwt\`; the rest by a restart.
`;

const TAIL = `
# Keys and policy of one issuer alone; as many tables as there are issuers.
# [[issuers]]
# issuer = "https://login.example.org/"
# discovery = true                 # or jwks_url = "https://…", jwks_file = "/…"
# audience = ["orders"]
# algorithms = ["RS256"]
# typ = ["at+jwt"]
`;

/** The file's text; it parses as an empty configuration. */
export function toConfigFile(): string {
  return HEAD + SETTING_ENTRIES.map(([, setting]) => toEntry(setting)).join("") + TAIL;
}

function toEntry({ name, meaning, defaultText, isSecret, isLive }: Setting<unknown>): string {
  const words = `${meaning.replaceAll("`", "")}${isLive ? " [live]" : ""}`;
  const key = fileKeyOf(name);
  const line = isSecret ? `# ${key}_file = "/…"` : `# ${key} = ${toToml(defaultText)}`;
  return `\n${wrap(words)}${line}\n`;
}

function toToml(text: string): string {
  return /^(true|false|\d+)$/.test(text) ? text : JSON.stringify(text);
}

function wrap(words: string): string {
  const lines: string[] = [];
  let line = "#";
  for (const word of words.split(" ")) {
    if (line.length + 1 + word.length > 78) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return `${[...lines, line].join("\n")}\n`;
}
