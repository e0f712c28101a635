import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { assetFiles, writeAssets } from "../../src/cli/assets.ts";
import { ROOT } from "../helpers/appliance.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

/** The files of the repository, not of the program's own list. */
function shippedFiles(): string[] {
  return ["lua", "haproxy"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1)),
  );
}

describe("assets", () => {
  test("carries every file under lua/ and haproxy/", () => {
    expect([...assetFiles().keys()].toSorted()).toEqual(shippedFiles().toSorted());
  });

  test("writes each of them unchanged", async () => {
    const folder = createTempFolder(stack);
    await writeAssets(folder);
    for (const path of shippedFiles()) {
      expect(readFileSync(join(folder, path), "utf8")).toBe(readFileSync(join(ROOT, path), "utf8"));
    }
  });
});
