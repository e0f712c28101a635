/** Makes a command without a server act as the data folder's owner, so that the server finds its files its own. */
import { statSync } from "node:fs";
import { accountName } from "../account-name.ts";
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
    const owner = accountName(stats.uid);
    const message = `the data folder ${dataDir} belongs to ${owner}: run this as ${owner} or as root`;
    throw new AppError("forbidden", message);
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

/**
 * The person behind the command, by his account: `USER` in the environment is whatever somebody wrote
 * there. Who became root by sudo is named with it.
 */
export function callerName(environment: Readonly<Record<string, string | undefined>>): string {
  const uid = process.getuid?.() ?? 0;
  const user = accountName(uid);
  const sudoer = environment["SUDO_USER"];
  return uid === 0 && sudoer !== undefined && sudoer !== user ? `${sudoer} (${user})` : user;
}
