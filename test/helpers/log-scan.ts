/** Reads what the programs of a test wrote, for words that must not be there. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

// HAProxy's words for Lua that failed (src/hlua.c), and the place in a Lua file that the verifier's own report names.
const LUA_ERROR =
  /Lua .*(runtime error|aborting|out of memory|execution timeout)|runtime error|[.]lua:\d+:/i;

/**
 * Reads every `.log` file under `folder`.
 *
 * @throws Error naming the file and line of a secret or, unless allowed, of an error of Lua; it does not repeat the secret.
 */
export function scanLogs(
  folder: string,
  secrets: ReadonlySet<string>,
  mayHaveLuaErrors: boolean,
): void {
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
    const error = mayHaveLuaErrors ? null : LUA_ERROR.exec(text);
    if (error !== null) {
      throw new Error(`${file}: line ${lineOf(text, error.index)}: ${error[0]}`);
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
