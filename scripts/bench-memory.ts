/** What a remembered verdict weighs in HAProxy: its memory before and after so many distinct tokens. */
import { readFileSync } from "node:fs";
import { shippedReturn } from "./bench-configs.ts";
import { load } from "./bench-load.ts";
import type { Stage } from "./bench-stage.ts";

export interface Memory {
  readonly tokens: number;
  readonly threads: number;
  /** Mebibytes of HAProxy's process, before and after. */
  readonly before: number;
  readonly after: number;
  /** Bytes a verdict. */
  readonly each: number;
}

const MIB = 1024 * 1024;
/** Connections of the load, and a few more. */
const IN_FLIGHT = 64;
/** wrk runs for as long as it is told; new tokens come faster than this. */
const LEAST_PER_SECOND = 2000;

/**
 * Has HAProxy meet so many tokens once each, and remember them all. The tokens are HS256's of about 330
 * bytes: a verdict's weight grows with the token's length, which is kept beside it.
 */
export async function measureMemory(
  stage: Stage,
  root: string,
  script: string,
  tokens: number,
  threads: number,
): Promise<Memory> {
  await using own = new AsyncDisposableStack();
  const tokenFile = await stage.tokens("HS256", tokens, `memory-${tokens}`);
  const warmFile = await stage.tokens("HS256", 500, "memory-warm");
  const { haproxy } = await stage.start(own, {
    config: shippedReturn(root),
    kind: "HS256",
    needsServer: true,
    luaVerifies: false,
    threads,
    // The cache keeps two generations of half its size: with twice as many, none is dropped.
    haproxyEnv: { JWT_CACHE_SIZE: String(tokens * 2 + 2000), JWT_CACHE_TTL: "3600" },
  });
  const common = { port: haproxy.port, script, cycle: 500 };
  await load({ ...common, tokenFile: warmFile, use: "cycle", seconds: 2 });
  const pid = haproxy.program().pid;
  const before = residentBytes(pid);
  const { requests, errors } = await load({
    ...common,
    tokenFile,
    use: "once",
    seconds: Math.ceil(tokens / LEAST_PER_SECOND) + 3,
  });
  // Those under way when the last token is sent are not counted.
  if (errors > 0 || requests < tokens - IN_FLIGHT) {
    throw new Error(`${requests} of ${tokens} tokens were judged, ${errors} not accepted`);
  }
  const after = residentBytes(pid);
  return {
    tokens,
    threads,
    before: Math.round(before / MIB),
    after: Math.round(after / MIB),
    each: Math.round((after - before) / tokens),
  };
}

function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kib === undefined) throw new Error(`no VmRSS of ${pid}`);
  return Number(kib) * 1024;
}
