/** P5: what is acknowledged has been brought to the disk, which `kill -9` alone could not tell. */
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileShim } from "../helpers/shim.ts";
import { useFolder } from "./store-fixture.ts";

const folder = useFolder();

test("the log is synced before each acknowledgement, and not for what is only staged", () => {
  const library = compileShim(folder(), "sync-counter");
  const counter = join(folder(), "counter");
  writeFileSync(counter, Buffer.alloc(8));
  const writer = join(import.meta.dir, "sync-writer.ts");
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [process.execPath, writer, join(folder(), "store")],
    { env: { ...process.env, LD_PRELOAD: library, SYNC_COUNTER: counter } },
  );
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  const steps = stdout
    .toString()
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
    .map(([step = "", count]) => ({ step, count: Number(count) }));
  const syncsOf = (wanted: string) =>
    steps.flatMap(({ step, count }, n) =>
      step === wanted ? [count - (steps[n - 1]?.count ?? 0)] : [],
    );
  for (const step of ["added", "lifted", "begun", "committed"]) {
    expect([step, syncsOf(step).every((syncs) => syncs >= 1)]).toEqual([step, true]);
  }
  expect(syncsOf("added")).toHaveLength(5);
  expect(syncsOf("staged")).toEqual([0, 0, 0, 0]);
});
