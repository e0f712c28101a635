/** Compares HAProxy with and without verification, in interleaved rounds; run by scripts/bench. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT, startAppliance } from "../test/helpers/appliance.ts";
import { HAPROXY, startHaproxy } from "../test/helpers/haproxy.ts";
import { mint } from "../test/helpers/mint.ts";
import { createSigningKey } from "../test/helpers/signing-keys.ts";
import { createTempFolder } from "../test/helpers/temp-folder.ts";
import { claims } from "../test/helpers/tokens.ts";
import * as configs from "./bench-configs.ts";
import { load, median, type Round, type TokenUse, writeLoadScript } from "./bench-load.ts";

/** A line of the table. */
interface Row {
  readonly name: string;
  readonly config: string;
  readonly use: TokenUse;
  /** Has HAProxy and server started anew for each round, so that every token is new. */
  readonly isFresh?: true;
  readonly needsServer?: true;
  /** The row that it is given as a share of. */
  readonly against: string;
}

const HAPROXY_CORE = ["taskset", "-c", "0"];
const OTHER_CORE = ["taskset", "-c", "1"];
const WARM_TOKENS = 2000;

const { values: flags } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    tokens: { type: "string", default: "30000" },
    match: { type: "string", default: "" },
  },
});

const ALL_ROWS: readonly Row[] = [
  { name: "return", config: configs.RETURN, use: "cycle", against: "return" },
  {
    name: "return, jwt_verify RS256",
    config: configs.NATIVE_RETURN,
    use: "cycle",
    against: "return",
  },
  {
    name: "return, ours by action, known tokens",
    config: configs.ACTION_RETURN,
    use: "cycle",
    needsServer: true,
    against: "return",
  },
  {
    name: "return, ours as shipped, known tokens",
    config: configs.shippedReturn(ROOT),
    use: "cycle",
    needsServer: true,
    against: "return",
  },
  {
    name: "return, ours as shipped, every token new",
    config: configs.shippedReturn(ROOT),
    use: "once",
    isFresh: true,
    needsServer: true,
    against: "return, jwt_verify RS256",
  },
  { name: "proxy", config: configs.PROXY, use: "cycle", against: "proxy" },
  { name: "proxy, logging", config: configs.LOGGING_PROXY, use: "cycle", against: "proxy" },
  { name: "proxy, jwt_verify RS256", config: configs.NATIVE_PROXY, use: "cycle", against: "proxy" },
  {
    name: "proxy, ours as shipped, known tokens",
    config: "haproxy.cfg",
    use: "cycle",
    needsServer: true,
    against: "proxy",
  },
];

// A ratio against a row that was left out is no number.
const ROWS = ALL_ROWS.filter((row) => new RegExp(flags.match).test(row.name));

await using stack = new AsyncDisposableStack();
const folder = createTempFolder(stack);
const script = writeLoadScript(folder);
const key = createSigningKey("RS256");
const keyFile = join(folder, "keys.json");
const publicKey = join(folder, "public.pem");
const tokenFile = join(folder, "tokens");
const warmFile = join(folder, "warm-tokens");
writeFileSync(keyFile, JSON.stringify([key.entry]));
writeFileSync(publicKey, key.entry["cert"] ?? "");
note(`signing ${flags.tokens} tokens`);
writeFileSync(tokenFile, makeTokens(Number(flags.tokens)));
writeFileSync(warmFile, makeTokens(WARM_TOKENS));

const upstream = await startHaproxy(stack, {
  folder: makeFolder("upstream"),
  config: writeConfig("upstream", configs.UPSTREAM),
  env: {},
  prefix: OTHER_CORE,
});

const rounds = new Map<string, Round[]>();
for (let i = 0; i < Number(flags.rounds); i++) {
  for (const row of ROWS) {
    note(`round ${i + 1}: ${row.name}`);
    const list = rounds.get(row.name) ?? [];
    list.push(await measure(row, i));
    rounds.set(row.name, list);
  }
}
report();

/** Runs one row once, with processes of its own: what ran before leaves nothing behind. */
async function measure(row: Row, round: number): Promise<Round> {
  await using own = new AsyncDisposableStack();
  const place = makeFolder(`${ROWS.indexOf(row)}-${round}`);
  const shared = {
    JWT_JWKS_FILE: keyFile,
    JWT_VERIFIER_KEY: "bench-verifier-key-of-32-characters",
  };
  const server =
    row.needsServer === true
      ? await startAppliance(own, {
          folder: place,
          env: { ...shared, JWT_LOG_LEVEL: "warn" },
          prefix: OTHER_CORE,
        })
      : undefined;
  const haproxy = await startHaproxy(own, {
    folder: place,
    config: row.config.includes("\n")
      ? writeConfig(`${ROWS.indexOf(row)}`, row.config)
      : row.config,
    env: {
      ...shared,
      JWT_UPSTREAM: `127.0.0.1:${upstream.port}`,
      JWT_TOKEN_SERVER: `127.0.0.1:${server?.port ?? 1}`,
      JWT_TOKEN_SERVER_BACKEND: "jwt-token-server",
      JWT_CLAIM_VARS: "username,sub",
    },
    prefix: HAPROXY_CORE,
  });
  const common = { port: haproxy.port, script, tokenFile, cycle: 100 };
  // Warm: connections are open, code is compiled, and what is to be known is known. The tokens that have to be new
  // are others than these.
  if (row.isFresh === true) {
    await load({ ...common, tokenFile: warmFile, cycle: WARM_TOKENS, use: "cycle", seconds: 1 });
  } else {
    await load({ ...common, use: row.use, seconds: 1 });
  }
  return await load({ ...common, use: row.use, seconds: Number(flags.seconds) });
}

function makeTokens(count: number): string {
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    lines.push(mint(key, claims({ sub: `user-${i % 1000}`, username: `user-${i % 1000}` })));
  }
  return lines.join("\n");
}

function makeFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

function writeConfig(name: string, text: string): string {
  const path = join(folder, `${name}.cfg`);
  writeFileSync(path, text.replaceAll("BENCH_PUBLIC_KEY", publicKey));
  return path;
}

function report(): void {
  const medians = new Map(
    [...rounds].map(([name, list]) => [name, median(list.map((r) => r.perSecond))]),
  );
  const rows = ROWS.map(({ name, against }) => {
    const perSecond = medians.get(name) ?? Number.NaN;
    const errors = (rounds.get(name) ?? []).reduce((sum, round) => sum + round.errors, 0);
    const ratio = perSecond / (medians.get(against) ?? Number.NaN);
    return {
      name,
      perSecond: Math.round(perSecond),
      ratio: Number(ratio.toFixed(2)),
      against,
      errors,
    };
  });
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    haproxy: firstLine(HAPROXY, "-v"),
    bun: Bun.version,
    rounds: Number(flags.rounds),
    seconds: Number(flags.seconds),
  };
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ machine, rows }, null, 2)}\n`);
    return;
  }
  process.stdout.write(
    `${machine.cpu}, ${machine.cores} cores; ${machine.haproxy}; Bun ${machine.bun}\n`,
  );
  process.stdout.write("HAProxy on core 0; load, server and upstream on core 1; medians.\n\n");
  for (const row of rows) {
    const failed = row.errors === 0 ? "" : `  (${row.errors} answers were not 200)`;
    process.stdout.write(
      `${row.name.padEnd(42)} ${String(row.perSecond).padStart(8)}/s  ${Number.isNaN(row.ratio) ? "–" : row.ratio.toFixed(2)} × ${row.against}${failed}\n`,
    );
  }
  if (rows.some((row) => row.errors > 0)) process.exitCode = 1;
}

function firstLine(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: "utf8" }).split("\n")[0] ?? "";
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
