/** Compares HAProxy with and without verification, in interleaved rounds; run by scripts/bench. */
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { ROOT } from "../test/helpers/appliance.ts";
import { HAPROXY } from "../test/helpers/haproxy.ts";
import { type Latency, measureLatency } from "./bench-latency.ts";
import { load, median, type Round, writeLoadScript } from "./bench-load.ts";
import { measureMemory, type Memory } from "./bench-memory.ts";
import { createRows, type Row } from "./bench-rows.ts";
import { createStage, CYCLE } from "./bench-stage.ts";

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    /** Tokens that are new: enough for the seconds and the warming up. */
    tokens: { type: "string", default: "60000" },
    /** A regular expression for the rows to run; the ratios are only to rows that ran. */
    match: { type: "string", default: "" },
    /** Revocations timed; 0 for none. */
    revocations: { type: "string", default: "1000" },
    /** Distinct tokens for HAProxy's memory, a comma list; empty for none. */
    memory: { type: "string", default: "10000,100000,1000000" },
  },
});
/** New tokens first compile the server's code: as many as a busy minute brings. */
const WARM_SECONDS = 4;
const WARM_TOKENS = 20_000;

await using stack = new AsyncDisposableStack();
const wanted = new RegExp(flags.match);
const rows = createRows(ROOT).filter((row) => wanted.test(row.name));
note("signing tokens");
const stage = await createStage(stack);
const script = writeLoadScript(stage.folder);

const rounds = new Map<string, Round[]>();
for (let i = 0; i < Number(flags.rounds); i += 1) {
  for (const row of rows) {
    note(`round ${i + 1}: ${row.name}`);
    const list = rounds.get(row.name) ?? [];
    list.push(await measure(row));
    rounds.set(row.name, list);
  }
}
const memory: Memory[] = [];
for (const count of flags.memory.split(",").filter((part) => part !== "")) {
  for (const threads of [1, 2]) {
    note(`memory of ${count} verdicts, ${threads} threads`);
    memory.push(await measureMemory(stage, ROOT, script, Number(count), threads));
  }
}
let latency: Latency | undefined;
if (Number(flags.revocations) > 0) {
  note(`${flags.revocations} revocations under load`);
  latency = await measureLatency(stage, ROOT, Number(flags.revocations));
}
report();

/** Runs one row once, with processes of its own: what ran before leaves nothing behind. */
async function measure(row: Row): Promise<Round> {
  await using own = new AsyncDisposableStack();
  const { haproxy } = await stage.start(own, {
    config: row.config,
    kind: row.kind,
    needsServer: row.needsServer === true,
    luaVerifies: row.luaVerifies === true,
    threads: row.threads ?? 1,
  });
  const tokenFile = await stage.tokens(
    row.kind,
    row.use === "once" ? Number(flags.tokens) : CYCLE,
    row.use,
  );
  const common = { port: haproxy.port, script, cycle: CYCLE };
  // Warm: connections are open, code is compiled, and what is to be known is known. The tokens that have to be new
  // are others than these.
  if (row.use === "once") {
    const warmFile = await stage.tokens(row.kind, WARM_TOKENS, "warm");
    await load({ ...common, tokenFile: warmFile, use: "once", seconds: WARM_SECONDS });
  } else {
    await load({ ...common, tokenFile, use: row.use, seconds: 1 });
  }
  return await load({ ...common, tokenFile, use: row.use, seconds: Number(flags.seconds) });
}

function report(): void {
  const medians = new Map(
    [...rounds].map(([name, list]) => [name, median(list.map((round) => round.perSecond))]),
  );
  const table = rows.map(({ name, against }) => {
    const perSecond = medians.get(name) ?? Number.NaN;
    const errors = (rounds.get(name) ?? []).reduce((sum, round) => sum + round.errors, 0);
    const ratios = against.flatMap((other) => {
      const base = medians.get(other);
      return base === undefined ? [] : [{ against: other, ratio: toRatio(perSecond / base) }];
    });
    return { name, perSecond: Math.round(perSecond), ratios, errors };
  });
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    haproxy: firstLine(HAPROXY, "-v"),
    bun: Bun.version,
    rounds: Number(flags.rounds),
    seconds: Number(flags.seconds),
  };
  if (table.some((row) => row.errors > 0)) process.exitCode = 1;
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ machine, rows: table, memory, latency }, null, 2)}\n`);
    return;
  }
  say(`${machine.cpu}, ${machine.cores} cores; ${machine.haproxy}; Bun ${machine.bun}`);
  say(
    "HAProxy on core 0; load, server and upstream on core 1; medians. 2 threads: on both cores.\n",
  );
  for (const { name, perSecond, ratios, errors } of table) {
    const shares = ratios.map(({ against, ratio }) => `${ratio} × ${against}`).join("; ");
    const failed = errors === 0 ? "" : `  (${errors} answers were not 200)`;
    say(`${name.padEnd(46)} ${String(perSecond).padStart(7)}/s  ${shares}${failed}`);
  }
  for (const { tokens, threads, before, after, each } of memory) {
    say(
      `HAProxy's memory, ${tokens} verdicts on ${threads} threads: ` +
        `${before} to ${after} MiB, ${each} bytes each`,
    );
  }
  if (latency !== undefined) {
    const { p50, p99, max, perSecond, revocations, unconfirmed } = latency;
    say(
      `revoked to enforced everywhere, ${revocations} times under ${perSecond} requests/s: ` +
        `p50 ${p50} ms, p99 ${p99} ms, longest ${max} ms, ${unconfirmed} not confirmed`,
    );
  }
}

function toRatio(value: number): number {
  return Number(value.toFixed(2));
}

function firstLine(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: "utf8" }).split("\n")[0] ?? "";
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
