/** Reads what the programs of a test wrote, for words that must not be there. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

// HAProxy names what of Lua it ran only where that failed (src/hlua.c); the verifier's own report, and one of an error
// that has a place, names the Lua file.
const LUA_ERROR =
  /Lua ([\w-]+|applet \w+) '[^']*'( returns? | ?: )|Lua task: |Lua .*(aborting|out of memory|(execution|burst) timeout)|runtime error|[.]lua:\d+:/i;

// The server's words for an exception of its own, and for a judging thread that had one; a store that is away is none.
const SERVER_ERROR =
  /a request failed inside(?!.*"error":"AppError","code":"(?:unavailable|unknown)")|a judging thread ended by itself/;

/** What a test provokes, so that its logs may show it. */
export interface Provoked {
  readonly mayLogLuaErrors?: boolean;
  readonly mayLogServerErrors?: boolean;
}

/**
 * Reads every `.log` file under `folder`.
 *
 * @throws Error naming the file and line of a secret or, unless provoked, of an error of Lua or of the server; it does
 * not repeat the secret.
 */
export function scanLogs(
  folder: string,
  secrets: ReadonlySet<string>,
  provoked: Provoked = {},
): void {
  const errors = [
    ...(provoked.mayLogLuaErrors === true ? [] : [LUA_ERROR]),
    ...(provoked.mayLogServerErrors === true ? [] : [SERVER_ERROR]),
  ];
  const words = [...secrets].filter((word) => word.length >= 8);
  for (const file of logFiles(folder)) {
    const text = readFileSync(file, "latin1");
    for (const word of words) {
      const at = text.indexOf(word);
      if (at >= 0) {
        throw new Error(
          `${file}: a token or secret (of ${word.length} characters) in line ${lineOf(text, at)}`,
        );
      }
    }
    for (const pattern of errors) {
      const error = pattern.exec(text);
      if (error !== null) {
        throw new Error(`${file}: line ${lineOf(text, error.index)}: ${error[0]}`);
      }
    }
  }
}

function logFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith(".log") && statSync(path).isFile());
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}
