/** Reads the shipped Lua and HAProxy files while the program is being built; nothing of it runs later. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A build-time macro (Bun, "Macros"): every file under lua/ and haproxy/ of the repository, by its path from there,
 * such as `lua/verify-jwt.lua`. Called through `with { type: "macro" }`, its answer stands in the program as a literal.
 */
export function readAssetFiles(): Record<string, string> {
  const root = join(import.meta.dir, "..", "..");
  const files: [string, string][] = [];
  for (const folder of ["lua", "haproxy"]) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name.startsWith(".")) continue;
      const path = join(entry.parentPath, entry.name);
      files.push([path.slice(root.length + 1), readFileSync(path, "utf8")]);
    }
  }
  return Object.fromEntries(files.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
