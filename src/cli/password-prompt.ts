/** Asks for a new password without showing it, or takes it from standard input. */
import { createInterface } from "node:readline";
import { AppError } from "../core/app-error.ts";

/**
 * Reads a password: twice from a terminal, once as the first line of anything else.
 *
 * @throws AppError usage when there is none, or the two differ
 */
export async function readNewPassword(name: string): Promise<string> {
  if (!process.stdin.isTTY) {
    const [line = ""] = (await Bun.stdin.text()).split(/\r?\n/, 1);
    if (line === "") throw new AppError("usage", "There is no password: give it on standard input");
    return line;
  }
  const password = await ask(`New password for ${name}: `);
  const again = await ask("Once more: ");
  if (password !== again)
    throw new AppError("usage", "The two are not the same; nothing was changed");
  return password;
}

/** Asks on the terminal, echoing nothing. */
function ask(question: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const { stdin, stderr } = process;
  stderr.write(question);
  const reader = createInterface({ input: stdin, terminal: true });
  reader.once("line", (line) => {
    reader.close();
    stderr.write("\n");
    resolve(line);
  });
  reader.once("SIGINT", () => {
    reader.close();
    reject(new AppError("usage", "Nothing was changed"));
  });
  return promise;
}
