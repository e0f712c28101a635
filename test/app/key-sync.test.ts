import { afterAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createKeySync } from "../../src/app/key-sync.ts";
import { loadConfig } from "../../src/config/load.ts";
import { createLog } from "../../src/log.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

const SHORT = JSON.stringify([{ kid: "short", secret: "a secret of 24 bytes, so" }]);

/** One run of a server's key syncer, and what it logs of single keys. */
function createRun(folder: string, onTold: () => void = () => undefined) {
  const keyProblems: unknown[] = [];
  const errors: unknown[] = [];
  const changes: unknown[] = [];
  const log = createLog(
    () => "info",
    (line) => {
      const { level, message, problem } = JSON.parse(line) as Record<string, unknown>;
      if (level === "error") errors.push(message);
      if (message === "key") keyProblems.push(problem);
      if (message === "keys changed") changes.push(message);
    },
  );
  const config = loadConfig({
    flags: new Map(),
    environment: {
      JWT_DATA_DIR: folder,
      JWT_JWKS_FILE: join(folder, "keys.json"),
      JWT_ALLOW_SHORT_SECRETS: "true",
    },
    file: undefined,
    defaultFile: join(folder, "none.toml"),
  });
  const syncer = createKeySync(config, {
    log,
    metrics: { observeSync: () => undefined },
    nowSeconds: () => Date.now() / 1000,
    random: () => 0,
    onRefreshed: onTold,
    onChanged: onTold,
  });
  stack.defer(() => syncer.stop());
  return { syncer, keyProblems, changes, errors };
}

describe("createKeySync", () => {
  test("tells what is wrong with keys once in each run, changed since the last one or not", async () => {
    const folder = createTempFolder(stack);
    const path = join(folder, "keys.json");
    writeFileSync(path, SHORT);
    const first = createRun(folder);
    await first.syncer.start();
    await first.syncer.syncNow();
    expect(first.keyProblems).toEqual([expect.stringContaining("has only 192 bits")]);
    expect(first.changes).toHaveLength(1);

    const second = createRun(folder);
    await second.syncer.start();
    await second.syncer.syncNow();
    expect(second.keyProblems).toEqual(first.keyProblems);
    expect(second.changes).toEqual([]);
  });

  test("tells it when the source can be read again, not of a copy kept from before", async () => {
    const folder = createTempFolder(stack);
    const path = join(folder, "keys.json");
    writeFileSync(path, SHORT);
    await createRun(folder).syncer.start();
    rmSync(path);
    const run = createRun(folder);
    await run.syncer.start();
    expect(run.syncer.ring().keys).toHaveLength(1);
    expect(run.keyProblems).toEqual([]);
    writeFileSync(path, SHORT);
    await run.syncer.syncNow();
    expect(run.keyProblems).toHaveLength(1);
  });

  test.each([
    ["fails", true],
    ["does not fail", false],
  ])("plans the next reading where whoever is told of one %s", async (_, fails) => {
    const folder = createTempFolder(stack);
    writeFileSync(join(folder, "keys.json"), SHORT);
    const { syncer, errors } = createRun(folder, () => {
      if (fails) throw new Error("a listener's own");
    });
    await syncer.start();
    expect(syncer.ring().keys).toHaveLength(1);
    expect(syncer.states()[0]?.nextInMs).toBeGreaterThan(0);
    expect(errors).toHaveLength(fails ? 1 : 0);
  });
});
