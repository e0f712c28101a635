/** Finds the secret that HAProxy's side shares with the server, or makes one. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where `install` puts it, readable by HAProxy's group. */
export const INSTALLED_VERIFIER_KEY = "/etc/haproxy-jwt/verifier.key";

/**
 * The keys in force: the configured ones, else those of the installed file, else of one in the data
 * folder, made on the first start (256 random bits, mode 0600).
 */
export function resolveVerifierKeys(
  configured: readonly string[],
  dataDir: string,
  installedFile: string = INSTALLED_VERIFIER_KEY,
): readonly string[] {
  if (configured.length > 0) return configured;
  const own = join(dataDir, "verifier.key");
  return readKeys(installedFile) ?? readKeys(own) ?? [makeKey(own)];
}

function readKeys(path: string): readonly string[] | undefined {
  try {
    const keys = readFileSync(path, "utf8")
      .split(/[\s,]+/)
      .filter((key) => key.length >= 16);
    return keys.length === 0 ? undefined : keys.slice(0, 2);
  } catch {
    return undefined;
  }
}

function makeKey(path: string): string {
  const key = randomBytes(32).toString("base64url");
  writeFileSync(path, `${key}\n`, { mode: 0o600, flag: "wx" });
  return key;
}
