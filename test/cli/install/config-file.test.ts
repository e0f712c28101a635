import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toConfigFile } from "../../../src/cli/install/config-file.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { fileKeyOf, SETTING_ENTRIES } from "../../../src/config/settings.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";

async function load(text: string) {
  await using stack = new AsyncDisposableStack();
  const file = join(createTempFolder(stack), "haproxy-jwt.toml");
  writeFileSync(file, text);
  return loadConfig({ flags: new Map(), environment: {}, file, defaultFile: "/nowhere" });
}

describe("the commented configuration file", () => {
  test("changes nothing as it is written", async () => {
    const { origins } = await load(toConfigFile());
    expect(new Set(origins.values())).toEqual(new Set(["default"]));
  });

  test("has every setting, each with its default where the mark is taken away", async () => {
    const text = toConfigFile();
    for (const [, { name, isSecret }] of SETTING_ENTRIES) {
      expect(text).toContain(`\n# ${fileKeyOf(name)}${isSecret ? "_file" : ""} = `);
    }
    const uncommented = text.replaceAll(/^# (?=[a-z_]+ = )(?!.*_file = "\/…")/gm, "");
    const withoutTables = uncommented.slice(0, uncommented.indexOf("\n# Keys and policy of one"));
    const { settings } = await load(withoutTables);
    const { settings: defaults } = await load("");
    expect(settings).toEqual(defaults);
  });

  test("has no line that does not fit a terminal", () => {
    expect(
      toConfigFile()
        .split("\n")
        .filter((line) => line.length > 100),
    ).toEqual([]);
  });
});
