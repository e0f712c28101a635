import { describe, expect, test } from "bun:test";
import { startHousekeeping } from "../../src/app/housekeeping.ts";
import { createLog } from "../../src/log.ts";
import { openStore } from "../../src/sqlite/open-store.ts";
import { createTempFolder } from "../helpers/temp-folder.ts";

describe("startHousekeeping", () => {
  test("looks through the rules at once, and ends before the store is closed", async () => {
    await using stack = new AsyncDisposableStack();
    const store = await openStore(createTempFolder(stack), { nowMs: () => Date.now() });
    const seen: string[] = [];
    const watched = {
      ...store,
      scrub: async (signal?: AbortSignal) => {
        seen.push("scrub begins");
        const done = await store.scrub(signal);
        seen.push("scrub ends");
        return done;
      },
    };
    const housekeeping = startHousekeeping(watched, silent(), () => Date.now());
    expect(seen).toEqual(["scrub begins"]);
    await housekeeping.stop();
    expect(seen.at(-1)).toBe("scrub ends");
    await store.close();
  });

  test("logs a failure by its kind and goes on", async () => {
    await using stack = new AsyncDisposableStack();
    const store = await openStore(createTempFolder(stack), { nowMs: () => Date.now() });
    const lines: string[] = [];
    const broken = { ...store, scrub: () => Promise.reject(new Error("secret words")) };
    const { promise, resolve } = Promise.withResolvers<void>();
    const log = createLog(
      () => "info",
      (line) => {
        lines.push(line);
        resolve();
      },
    );
    const housekeeping = startHousekeeping(broken, log, () => Date.now());
    await promise;
    expect(lines.join("")).toContain("rules could not be looked through");
    expect(lines.join("")).not.toContain("secret words");
    await housekeeping.stop();
    await store.close();
  });
});

function silent() {
  return createLog(
    () => "error",
    () => undefined,
  );
}
