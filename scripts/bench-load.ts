/** wrk as a measuring instrument: a file of tokens in, requests per second out. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a round measured. */
export interface Round {
  readonly perSecond: number;
  readonly requests: number;
  /** Answers that were not 200, and broken connections. */
  readonly errors: number;
}

/** How a round sends its tokens: the one first in the file for ever, a few in turn, or each once. */
export type TokenUse = "none" | "cycle" | "once";

// With "once" the thread stops at the file's end instead of sending a token for the second time.
const SCRIPT = `
local path, use, limit = os.getenv("BENCH_TOKENS"), os.getenv("BENCH_USE"), tonumber(os.getenv("BENCH_CYCLE"))
local requests, at = {}, 0
function setup(thread) end
function init()
  if use == "none" then
    requests[1] = wrk.format("GET", "/", { Host = "app.test" })
    return
  end
  for token in io.lines(path) do
    requests[#requests + 1] = wrk.format("GET", "/", { Host = "app.test", Authorization = "Bearer " .. token })
    if use == "cycle" and #requests >= limit then break end
  end
end
function request()
  at = at + 1
  if at > #requests then
    if use == "once" then
      wrk.thread:stop()
      io.stderr:write("SENT\\n")
    end
    at = 1
  end
  return requests[at]
end
function done(summary)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;

/** Writes wrk's script into a folder. */
export function writeLoadScript(folder: string): string {
  const path = join(folder, "load.lua");
  writeFileSync(path, SCRIPT);
  return path;
}

/** Loads a port for some seconds from core 1. */
export async function load(options: {
  readonly port: number;
  readonly script: string;
  readonly tokenFile: string;
  readonly use: TokenUse;
  readonly seconds: number;
  /** How many tokens "cycle" takes in turn. */
  readonly cycle: number;
}): Promise<Round> {
  const args = ["-t1", "-c32", `-d${options.seconds}s`, "-s", options.script];
  const child = Bun.spawn(
    ["taskset", "-c", "1", "wrk", ...args, `http://127.0.0.1:${options.port}/`],
    {
      env: {
        PATH: process.env["PATH"] ?? "",
        BENCH_TOKENS: options.tokenFile,
        BENCH_USE: options.use,
        BENCH_CYCLE: String(options.cycle),
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const said = new Response(child.stdout).text();
  // wrk would wait until its time is over though every token is sent; interrupted, it reports.
  for await (const chunk of child.stderr) {
    if (Buffer.from(chunk).includes("SENT")) child.kill("SIGINT");
  }
  const report = await said;
  const result = /RESULT (\d+) (\d+) (\d+)/.exec(report);
  if (result === null) throw new Error(`wrk said nothing that can be read:\n${report}`);
  const [requests = 0, microseconds = 1, errors = 0] = result.slice(1).map(Number);
  return { perSecond: requests / (microseconds / 1e6), requests, errors };
}

/** The middle of an odd number of figures, the mean of the middle two of an even one. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  const high = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return (low + high) / 2;
}
