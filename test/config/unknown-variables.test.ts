import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SETTING_ENTRIES } from "../../src/config/settings.ts";
import { findUnknownVariables } from "../../src/config/unknown-variables.ts";

const ROOT = join(import.meta.dir, "../..");

/** Every `JWT_…` in the files below a folder. */
function namesIn(folder: string): readonly string[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), "utf8"));
  return [...new Set(texts.join("\n").match(/\bJWT_[A-Z_]+\b/g))];
}

describe("findUnknownVariables", () => {
  test("knows everything that the Lua and the shipped configurations name, and the server's settings", () => {
    const names = [
      ...namesIn("lua"),
      ...namesIn("haproxy"),
      ...SETTING_ENTRIES.map(([, { name }]) => name),
      "JWT_STORE_FILE",
    ];
    expect(names.length).toBeGreaterThan(50);
    expect(findUnknownVariables(Object.fromEntries(names.map((name) => [name, ""])))).toEqual([]);
  });

  test("names what neither side reads, and nothing that is not ours", () => {
    const environment = {
      JWT_LISTN: "1",
      JWT_LISTEN: "1",
      JWT_LISTEN_FILE: "1",
      JWT_: "1",
      PATH: "1",
      MY_JWT_LISTN: "1",
      jwt_listn: "1",
    };
    expect(findUnknownVariables(environment)).toEqual(["JWT_LISTN", "JWT_LISTEN_FILE", "JWT_"]);
  });
});
