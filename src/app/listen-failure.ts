/** Says why nothing can listen on an address: which setting names it, and what is in the way. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { AppError } from "../core/app-error.ts";
import type { Address } from "../http/listen.ts";

const AT_HOST: ReadonlyMap<string, string> = new Map([
  ["EADDRINUSE", "another program listens there"],
  ["EACCES", "this user may not listen on this port"],
  ["EADDRNOTAVAIL", "this machine has no such address"],
  ["EINVAL", "this machine has no such address"],
]);

const AT_PATH: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "its folder is not there"],
  ["ENOTDIR", "its folder is not there"],
  ["EADDRINUSE", "something else is in its place"],
  ["EACCES", "this user may not make a socket there"],
  ["EROFS", "nothing can be written there"],
  ["ENAMETOOLONG", "a socket's path has 107 bytes at the most"],
]);

/**
 * The failure in words. What the system says of a name that it does not know is left over from some
 * call before, so that is looked up first.
 *
 * @param setting the one that the address comes from
 */
export async function toListenFailure(
  setting: string,
  address: Address,
  cause: unknown,
): Promise<AppError> {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
  const why = (await isUnknownName(address))
    ? "this machine knows no such name"
    : ((address.kind === "tcp" ? AT_HOST : AT_PATH).get(code) ?? code);
  const place = toText(address);
  return new AppError("unavailable", `${setting}: nothing can listen on ${place}: ${why}`, {
    cause,
  });
}

async function isUnknownName(address: Address): Promise<boolean> {
  if (address.kind !== "tcp" || isIP(address.host) !== 0) return false;
  return lookup(address.host).then(
    () => false,
    () => true,
  );
}

function toText(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  const { host, port } = address;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
