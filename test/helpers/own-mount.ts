/** Runs a program that alone sees a file system of its own mounted on a folder. */
import { join } from "node:path";
import type { Program } from "./program.ts";

/**
 * Words before a program's name: it starts with a small empty file system on `folder`, in a mount
 * namespace of its own that goes away with it. Root, or a user who may make namespaces.
 *
 * @param size as mount(8) takes it, such as `3m`
 */
export function onTmpfs(folder: string, size: string): readonly string[] {
  return inNamespace(`mount -t tmpfs -o size=${size},mode=0700 tmpfs "$0"`, folder);
}

/** As above, but what lies in the folder can be read and nothing there changed. */
export function onReadOnly(folder: string): readonly string[] {
  return inNamespace('mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"', folder);
}

/** As above, but in the place of the folder is seen what lies in another one. */
export function withInPlace(folder: string, other: string): readonly string[] {
  return inNamespace(`mount --bind '${other}' "$0"`, folder);
}

function inNamespace(command: string, folder: string): readonly string[] {
  const map = process.geteuid?.() === 0 ? [] : ["--map-root-user"];
  return ["unshare", "--mount", ...map, "sh", "-c", `${command} && exec "$@"`, folder];
}

/** A path as the program sees it, reachable from here. */
export function seenBy(program: Program, path: string): string {
  return join(`/proc/${program.pid}/root`, path);
}
