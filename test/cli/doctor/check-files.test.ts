import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkFiles } from "../../../src/cli/doctor/check-files.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { createTempFolder } from "../../helpers/temp-folder.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

function verifierKeyIn(dataDir: string) {
  const environment = { JWT_DATA_DIR: dataDir };
  const defaultFile = join(dataDir, "none.toml");
  const config = loadConfig({ flags: new Map(), environment, file: undefined, defaultFile });
  return checkFiles(config).find(({ what }) => what === "verifier key");
}

describe("the doctor's look at the verifier key", () => {
  test("finds the one that the server made in its data folder", () => {
    const dataDir = createTempFolder(stack);
    expect(verifierKeyIn(dataDir)?.grade).toBe("warn");
    const path = join(dataDir, "verifier.key");
    writeFileSync(path, "k".repeat(43), { mode: 0o600 });
    expect(verifierKeyIn(dataDir)).toMatchObject({ grade: "ok", text: `${path} is there` });
    chmodSync(path, 0o604);
    expect(verifierKeyIn(dataDir)?.grade).toBe("fail");
  });
});
