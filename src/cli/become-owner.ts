/** Makes a command without a server act as the data folder's owner, so that the server finds its files its own. */
import { readFileSync, statSync } from "node:fs";
import { AppError } from "../core/app-error.ts";

/**
 * Becomes the folder's owner for the rest of this process, where root runs it. A folder that is not
 * there yet will be the caller's.
 *
 * @throws AppError forbidden for anybody but root and the owner
 */
export function becomeOwner(dataDir: string): void {
  const stats = statSync(dataDir, { throwIfNoEntry: false });
  const uid = process.geteuid?.();
  if (stats === undefined || uid === undefined || uid === stats.uid) return;
  if (uid !== 0) {
    throw new AppError(
      "forbidden",
      `${dataDir} belongs to another user (${stats.uid}): run this as that user or as root`,
    );
  }
  // Groups first: afterwards nothing of root is left to change them with.
  process.setgroups?.([stats.gid]);
  process.setgid?.(stats.gid);
  process.setuid?.(stats.uid);
}

/** The person behind the command: who became root by sudo is named with it. */
export function callerName(environment: Readonly<Record<string, string | undefined>>): string {
  const uid = process.getuid?.() ?? 0;
  const user = userName(uid);
  const sudoer = environment["SUDO_USER"];
  return uid === 0 && sudoer !== undefined && sudoer !== user ? `${sudoer} (${user})` : user;
}

/** The account of this number; `USER` in the environment is whatever somebody wrote there. */
function userName(uid: number): string {
  try {
    const lines = readFileSync("/etc/passwd", "utf8").split("\n");
    const line = lines.map((text) => text.split(":")).find((fields) => fields[2] === String(uid));
    return line?.[0] ?? `uid ${uid}`;
  } catch {
    return `uid ${uid}`;
  }
}
