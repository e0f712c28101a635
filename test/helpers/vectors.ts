/** Public test vectors, where they lie beside the repository: ../shared/vectors. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./appliance.ts";

/** The folder, or undefined where there is none; the suite is complete without it. */
export function vectorFolder(): string | undefined {
  const folder = join(ROOT, "..", "shared", "vectors");
  return existsSync(folder) ? folder : undefined;
}

/** Reads one file of JSON. */
export function readVectors(...path: readonly string[]): unknown {
  return JSON.parse(readFileSync(join(vectorFolder() ?? "", ...path), "utf8"));
}

/** Names of the JSON files in a folder under it. */
export function vectorFiles(...path: readonly string[]): string[] {
  return readdirSync(join(vectorFolder() ?? "", ...path)).filter((name) => name.endsWith(".json"));
}
