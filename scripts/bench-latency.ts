/** From "revoke" to enforced everywhere (`wait=applied`), while HAProxy is asked 10 000 times a second. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shippedReturn } from "./bench-configs.ts";
import type { Stage } from "./bench-stage.ts";

/** Milliseconds, as the operator's client measures them. */
export interface Latency {
  readonly revocations: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Requests a second that ran meanwhile. */
  readonly perSecond: number;
  readonly unconfirmed: number;
}

const CONNECTIONS = 40;
const DELAY_MS = 3;
const USERS = 1000;
const PAUSE_MS = 5;

// wrk waits so long before each request of a connection; a request itself takes a fraction of a millisecond.
const SCRIPT = `
local tokens, at = {}, 0
function init()
  for token in io.lines(os.getenv("BENCH_TOKENS")) do
    tokens[#tokens + 1] = wrk.format("GET", "/", { Host = "app.test", Authorization = "Bearer " .. token })
  end
end
function delay() return ${DELAY_MS} end
function request()
  at = at % #tokens + 1
  return tokens[at]
end
`;

/** Revokes so many people one after the other. */
export async function measureLatency(
  stage: Stage,
  root: string,
  revocations: number,
): Promise<Latency> {
  await using own = new AsyncDisposableStack();
  const tokenFile = await stage.tokens("RS256", 100, "latency");
  const { haproxy, server } = await stage.start(own, {
    // The answer is the same for all: a revoked one is asked for again at each change, as it is in life.
    config: shippedReturn(root).replace("status 403 unless", "status 200 unless"),
    kind: "RS256",
    needsServer: true,
    luaVerifies: false,
    threads: 1,
  });
  if (server === undefined) throw new TypeError("latency needs a server");
  const made = await server.run("admin", "token", "create", "--name", "bench", "--role", "admin");
  const apiToken = made.stdout.trim().split("\n").at(-1) ?? "";
  const script = join(stage.folder, "latency.lua");
  writeFileSync(script, SCRIPT);
  const wrk = Bun.spawn(
    // prettier-ignore
    ["taskset", "-c", "1", "wrk", "-t1", `-c${CONNECTIONS}`, "-d600s", "-s", script, `http://127.0.0.1:${haproxy.port}/`],
    {
      env: { PATH: process.env["PATH"] ?? "", BENCH_TOKENS: tokenFile },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
    },
  );
  own.defer(() => {
    wrk.kill();
    rmSync(script);
  });
  const revoke = async (user: string): Promise<boolean> => {
    const response = await fetch(
      `http://127.0.0.1:${server.adminPort}/api/v1/revocations?wait=applied&timeout=10`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${apiToken}`, "content-type": "application/json" },
        body: JSON.stringify({ user, reason: "benchmark" }),
      },
    );
    const answer: unknown = await response.json();
    return typeof answer === "object" && answer !== null && "applied" in answer
      ? answer.applied === true
      : false;
  };
  // Whoever is new waits for the leases of the server's former life, and code is compiled.
  for (let i = 0; i < 20; i += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is what is measured
    await revoke(`warm-${i}`);
  }
  const times: number[] = [];
  let unconfirmed = 0;
  const started = performance.now();
  for (let i = 0; i < revocations; i += 1) {
    const began = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- one after the other is what is measured
    if (!(await revoke(`user-${i % USERS}`))) unconfirmed += 1;
    times.push(performance.now() - began);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await Bun.sleep(PAUSE_MS);
  }
  const seconds = (performance.now() - started) / 1000;
  wrk.kill("SIGINT");
  const said = await new Response(wrk.stdout).text();
  const perSecond = Number(/Requests\/sec:\s*([\d.]+)/.exec(said)?.[1] ?? Number.NaN);
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Number(
      (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1),
    );
  if (seconds <= 0) throw new Error("the clock stood still");
  return {
    revocations,
    p50: at(0.5),
    p99: at(0.99),
    max: at(1),
    perSecond: Math.round(perSecond),
    unconfirmed,
  };
}
