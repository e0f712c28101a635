/** Puts a few functions of C before the C library's, by LD_PRELOAD. */
import { join } from "node:path";

/** Compiles `name`.c of this folder; returns the library's path in `folder`. */
export function compileShim(folder: string, name: string): string {
  const library = join(folder, `${name}.so`);
  const source = join(import.meta.dir, `${name}.c`);
  const flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror"];
  const { exitCode, stderr } = Bun.spawnSync(["gcc", ...flags, "-o", library, source]);
  if (exitCode !== 0) throw new Error(`gcc: ${stderr.toString()}`);
  return library;
}
