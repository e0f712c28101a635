/** Finds the secret that HAProxy's side shares with the server, or makes one. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../config/load.ts";
import { parseVerifierKeys, SETTINGS } from "../config/settings.ts";
import { ValueProblem } from "../config/values.ts";

/** Where `install` puts it, readable by HAProxy's group. */
export const INSTALLED_VERIFIER_KEY = "/etc/haproxy-jwt/verifier.key";

/**
 * The keys in force: the configured ones, else those of the installed file, else of one in the data
 * folder, made on the first start (256 random bits, mode 0600).
 *
 * @throws ConfigError where a file is there and cannot be used
 */
export function resolveVerifierKeys(
  configured: readonly string[],
  dataDir: string,
  installedFile: string = INSTALLED_VERIFIER_KEY,
): readonly string[] {
  if (configured.length > 0) return configured;
  const own = join(dataDir, "verifier.key");
  return readVerifierKeys(installedFile) ?? readVerifierKeys(own) ?? [makeKey(own)];
}

/**
 * The keys of a file; undefined where it is not there. Going on without one that is there would make
 * another key, and HAProxy, which has this one, would be turned away.
 *
 * @throws ConfigError
 */
export function readVerifierKeys(path: string): readonly string[] | undefined {
  try {
    const text = readFileSync(path, "utf8");
    if (text.trim() === "") throw refused(path, "is empty");
    return parseVerifierKeys(text);
  } catch (error) {
    if (error instanceof ValueProblem) throw refused(path, error.message);
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (typeof code !== "string") throw error;
    throw refused(path, `cannot be read (${code}); ${OTHER} names another`);
  }
}

const { name } = SETTINGS.verifierKey;
const OTHER = `${name}_FILE`;

function refused(path: string, problem: string): ConfigError {
  return new ConfigError([{ key: name, message: `its file ${path} ${problem}` }]);
}

function makeKey(path: string): string {
  const key = randomBytes(32).toString("base64url");
  writeFileSync(path, `${key}\n`, { mode: 0o600, flag: "wx" });
  return key;
}
