/** The system's users that an installation needs, and the secret that they share. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "../../core/app-error.ts";

/** The user that the server runs as. */
export const SERVICE_USER = "haproxy-jwt";

/**
 * Makes the verifier key (256 random bits) where there is none: mode 0640, readable by HAProxy's group
 * where there is one and root asks, else 0600. One that is there is never touched.
 *
 * @returns whether it was made
 */
export function ensureVerifierKey(path: string, isRoot: boolean): boolean {
  if (existsSync(path)) return false;
  const group = isRoot ? findGroup("haproxy") : undefined;
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  if (group !== undefined) {
    chownSync(path, 0, group);
    chmodSync(path, 0o640);
  }
  return true;
}

/** Makes the server's user where there is none. @throws AppError unavailable */
export function ensureServiceUser(stateDir: string): boolean {
  if (findUser(SERVICE_USER)) return false;
  const made = spawnSync(
    "useradd",
    [
      "--system",
      "--user-group",
      "--no-create-home",
      "--home-dir",
      stateDir,
      "--shell",
      "/usr/sbin/nologin",
      SERVICE_USER,
    ],
    { encoding: "utf8" },
  );
  if (made.status === 0) return true;
  throw new AppError(
    "unavailable",
    `The user ${SERVICE_USER} cannot be made: ${made.stderr}`.trim(),
  );
}

function findUser(name: string): boolean {
  return entries("/etc/passwd").some(([user]) => user === name);
}

function findGroup(name: string): number | undefined {
  const found = entries("/etc/group").find(([group]) => group === name);
  const id = Number(found?.[2]);
  return Number.isInteger(id) ? id : undefined;
}

/** The fields of passwd(5) and group(5). */
function entries(path: string): readonly (readonly string[])[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .map((line) => line.split(":"));
}
