import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveVerifierKeys } from "../../src/app/verifier-key-file.ts";
import { ConfigError } from "../../src/config/load.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const KEY = "0123456789abcdef";
const OTHER = "fedcba9876543210";
const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

let folder = "";
let installed = "";
let own = "";
beforeEach(() => {
  folder = createTempFolder(stack);
  installed = join(folder, "installed.key");
  own = join(folder, "verifier.key");
});

const resolve = (configured: readonly string[] = []) =>
  resolveVerifierKeys(configured, folder, installed);

describe("resolveVerifierKeys", () => {
  test("makes one in the data folder, and takes it from there afterwards", () => {
    const made = resolve();
    expect(made).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
    expect(statSync(own).mode & 0o777).toBe(0o600);
    expect(resolve()).toEqual(made);
  });

  test("prefers what is configured, then the installed file", () => {
    writeFileSync(own, OTHER);
    writeFileSync(installed, `${KEY}\n${OTHER}\n`);
    expect(resolve()).toEqual([KEY, OTHER]);
    expect(resolve([OTHER])).toEqual([OTHER]);
  });

  const UNUSABLE: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    ["holds too short a key", (path) => writeFileSync(path, "short\n"), /at least 16/],
    ["holds a good and a bad one", (path) => writeFileSync(path, `${KEY}\nshort`), /at least 16/],
    ["holds three keys", (path) => writeFileSync(path, [KEY, OTHER, KEY].join("\n")), /or two/],
    ["is empty", (path) => writeFileSync(path, " \n"), /is empty/],
    // As root nothing is unreadable but what is no file.
    [
      "cannot be read",
      (path) => mkdirSync(path),
      /cannot be read \(EISDIR\); JWT_VERIFIER_KEY_FILE/,
    ],
  ];
  test.each(UNUSABLE)("refuses an installed file that %s, and makes no other", (_, make, why) => {
    make(installed);
    expect(() => resolve()).toThrow(ConfigError);
    expect(() => resolve()).toThrow(why);
    expect(() => resolve()).toThrow(`JWT_VERIFIER_KEY: its file ${installed} `);
    expect(existsSync(own)).toBe(false);
    expect(resolve([OTHER])).toEqual([OTHER]);
  });

  test.each(UNUSABLE)("refuses one in the data folder that %s, and leaves it", (_, make, why) => {
    make(own);
    expect(() => resolve()).toThrow(why);
    if (statSync(own).isFile()) expect(readFileSync(own, "utf8")).not.toMatch(/^[\w-]{43}/);
    writeFileSync(installed, KEY);
    expect(resolve()).toEqual([KEY]);
  });
});
