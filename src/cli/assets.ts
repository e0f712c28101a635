/** The Lua files and HAProxy configurations that the program carries. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readAssetFiles } from "./asset-files.ts" with { type: "macro" };

/** The carried files: text by path, such as `lua/verify-jwt.lua` or `haproxy/haproxy.cfg`. */
export function assetFiles(): ReadonlyMap<string, string> {
  return new Map(Object.entries(readAssetFiles()));
}

/** Writes `lua/` and `haproxy/` into an existing folder, over what is there; files 0644, folders 0755. */
export async function writeAssets(folder: string): Promise<void> {
  for (const [path, text] of assetFiles()) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o755 });
    await writeFile(target, text, { mode: 0o644 });
  }
}
