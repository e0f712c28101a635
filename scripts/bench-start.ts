/** Measures how fast the compiled server starts on an empty store, answers, and stops; prints medians. Run by hand. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY } from "../test/helpers/appliance.ts";
import { findFreePort } from "../test/helpers/ports.ts";
import { median } from "./bench-load.ts";

const ROUNDS = 15;

const starts: number[] = [];
const again: number[] = [];
const stops: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const folder = mkdtempSync(join(tmpdir(), "haproxy-jwt-start-"));
  try {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, so that none slows another
    const first = await measure(join(folder, "data"));
    starts.push(first.startMs);
    stops.push(first.stopMs);
    // oxlint-disable-next-line no-await-in-loop
    again.push((await measure(join(folder, "data"))).startMs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const show = (name: string, values: readonly number[]) =>
  process.stdout.write(
    `${name.padEnd(28)} median ${median(values).toFixed(0)} ms, ` +
      `fastest ${Math.min(...values).toFixed(0)} ms, slowest ${Math.max(...values).toFixed(0)} ms\n`,
  );
show("start, no store yet", starts);
show("start, empty store", again);
show("stop", stops);

/** From the start of the process to its line that it serves, and from SIGTERM to its end. */
async function measure(dataDir: string): Promise<{ startMs: number; stopMs: number }> {
  const startedAt = performance.now();
  const child = Bun.spawn([BINARY, "serve"], {
    env: {
      JWT_LISTEN: `127.0.0.1:${await findFreePort()}`,
      JWT_ADMIN_LISTEN: `127.0.0.1:${await findFreePort()}`,
      JWT_DATA_DIR: dataDir,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  let said = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += chunk;
    if (said.includes('"message":"serving"')) break;
  }
  const startMs = performance.now() - startedAt;
  const stoppedAt = performance.now();
  child.kill("SIGTERM");
  await child.exited;
  return { startMs, stopMs: performance.now() - stoppedAt };
}
