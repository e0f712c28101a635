/** Makes a command without a server act as the data folder's owner, so that the server finds its files its own. */
import { readFileSync, statSync } from "node:fs";
import { AppError } from "../core/app-error.ts";

/**
 * Becomes the folder's owner, where root runs it, until the returned function is called. A folder that
 * is not there yet will be the caller's.
 *
 * @throws AppError forbidden for anybody but root and the owner
 */
export function becomeOwner(dataDir: string): () => void {
  const stats = statSync(dataDir, { throwIfNoEntry: false });
  const uid = process.geteuid?.();
  if (stats === undefined || uid === undefined || uid === stats.uid) return () => undefined;
  if (uid !== 0) {
    throw new AppError(
      "forbidden",
      `${dataDir} belongs to another user (${stats.uid}): run this as that user or as root`,
    );
  }
  const former = { gid: process.getegid?.() ?? 0, groups: process.getgroups?.() ?? [] };
  // Groups first: without root's rights they cannot be changed any more.
  process.setgroups?.([stats.gid]);
  process.setegid?.(stats.gid);
  process.seteuid?.(stats.uid);
  return () => {
    process.seteuid?.(uid);
    process.setegid?.(former.gid);
    process.setgroups?.(former.groups);
  };
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
