/** Takes a token from the command line, a file or, best, standard input: arguments can be read by everyone. */
import { readFile } from "node:fs/promises";
import { AppError } from "../core/app-error.ts";
import { remark } from "./output.ts";

const MAX_TOKEN_BYTES = 65_536;

/** Reads one token. @throws AppError usage when there is none, or a file that cannot be read */
export async function readToken(
  argument: string | undefined,
  file: string | undefined,
): Promise<string> {
  const text = argument !== undefined && argument !== "-" ? argument : await readSource(file);
  const token = text.trim();
  if (token === "") throw new AppError("usage", "There is no token: give it on standard input");
  if (token.length > MAX_TOKEN_BYTES)
    throw new AppError("usage", "The token is longer than 64 KiB");
  return token;
}

async function readSource(file: string | undefined): Promise<string> {
  if (file === undefined) return readStdin("Paste the token, then press Enter and Ctrl-D:");
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new AppError("unavailable", `${file} cannot be read`, { cause });
  }
}

/** All of standard input; somebody who sits at it is told what is waited for. */
export async function readStdin(prompt: string): Promise<string> {
  if (process.stdin.isTTY) remark(prompt);
  return Bun.stdin.text();
}
