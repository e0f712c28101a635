import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, readSetting } from "../../src/config/load.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());
let folder = "";
beforeEach(() => {
  folder = createTempFolder(stack);
});

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The data folder as a command finds it. */
const readDataDir = (from: {
  file?: string;
  flag?: string;
  environment?: Record<string, string>;
}) =>
  readSetting("dataDir", {
    flags: new Map(from.flag === undefined ? [] : [["dataDir", from.flag] as const]),
    environment: from.environment ?? {},
    file: from.file,
    defaultFile: join(folder, "default.toml"),
  });

describe("readSetting", () => {
  const inEnvironment = { environment: { JWT_DATA_DIR: "/of-environment" } };
  const BROKEN = 'data_dir = "/of-file';

  test("reads one setting, whatever is wrong with the others", () => {
    expect(readDataDir({})).toBe("/var/lib/haproxy-jwt");
    write("default.toml", 'data_dir = "/of-default-file"\nlegacy = "both"\nno_setting = 1\n');
    expect(readDataDir({})).toBe("/of-default-file");
    expect(readDataDir({ file: write("own.toml", 'data_dir = "/of-own-file"\n') })).toBe(
      "/of-own-file",
    );
    expect(readDataDir(inEnvironment)).toBe("/of-environment");
  });

  test("does not take the default for what a file that cannot be read may say", () => {
    const path = write("default.toml", BROKEN);
    expect(() => readDataDir({})).toThrow(ConfigError);
    expect(() => readDataDir({})).toThrow(`${path}: is not TOML`);
    // Said elsewhere, it stands above the file.
    expect(readDataDir(inEnvironment)).toBe("/of-environment");
    expect(readDataDir({ flag: "/of-flag" })).toBe("/of-flag");
  });

  test.each([
    ["is not there", undefined, "cannot be read"],
    ["is not TOML", BROKEN, "is not TOML"],
  ])("refuses a file that was named and %s, whatever else is said", (_, text, problem) => {
    const file = text === undefined ? join(folder, "none.toml") : write("named.toml", text);
    for (const more of [{}, inEnvironment, { flag: "/of-flag" }]) {
      expect(() => readDataDir({ file, ...more })).toThrow(ConfigError);
      expect(() => readDataDir({ file, ...more })).toThrow(`${file}: ${problem}`);
    }
  });
});
