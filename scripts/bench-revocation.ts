/**
 * Measures the whole path with rules in the store, in interleaved rounds; run by `scripts/bench --rules`.
 *
 * Five million rules against none, a hundred thousand global rules against ten, and how long a new rule takes
 * while requests come in. HAProxy has core 0; load, server and writer share core 1. With --dir the filled
 * folders are kept there, and used again by the next run.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Appliance, ROOT, startAppliance } from "../test/helpers/appliance.ts";
import { type Haproxy, startHaproxy } from "../test/helpers/haproxy.ts";
import { mint } from "../test/helpers/mint.ts";
import { openConnection } from "../test/helpers/raw-client.ts";
import { createSigningKey } from "../test/helpers/signing-keys.ts";
import { createTempFolder } from "../test/helpers/temp-folder.ts";
import { claims } from "../test/helpers/tokens.ts";
import { shippedReturn } from "./bench-configs.ts";
import { load, median, type Round, writeLoadScript } from "./bench-load.ts";
import { makeRules, type RuleSet, userName } from "./bench-rule-sets.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    users: { type: "string", default: "10000" },
    "per-user": { type: "string", default: "500" },
    globals: { type: "string", default: "100000" },
    dir: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const HAPROXY_CORE = ["taskset", "-c", "0"];
const OTHER_CORE = ["taskset", "-c", "1"];
const VERIFIER_KEY = "bench-verifier-key-of-32-characters";
const USERS = Number(flags.users);
/** More tokens than a second's load can use up: wrk goes on for its time, with or without them. */
const BURST = 12_000;
const BURST_SECONDS = 1;
/** Each user's first look at the rules, and as many again until the server's code is compiled. */
const WARM_TOKENS = 2;
const WARM_SECONDS = 12;
const JUDGEMENTS = 3000;
const WRITES = 300;

const SETS: Readonly<Record<"none" | "many" | "globals" | "ten", RuleSet>> = {
  none: { subjects: 0, perSubject: 0, globals: 0, shape: "seed" },
  many: { subjects: USERS, perSubject: Number(flags["per-user"]), globals: 500, shape: "seed" },
  globals: { subjects: 0, perSubject: 0, globals: Number(flags.globals), shape: "token" },
  ten: { subjects: 0, perSubject: 0, globals: 10, shape: "token" },
};
type SetName = keyof typeof SETS;
const SET_NAMES = ["none", "many", "globals", "ten"] as const;

await using stack = new AsyncDisposableStack();
const folder = createTempFolder(stack);
const dataRoot = flags.dir ?? join(folder, "stores");
const figures = new Map<string, string>();
const key = createSigningKey("RS256");
const keyFile = join(folder, "keys.json");
writeFileSync(keyFile, JSON.stringify([key.entry]));

for (const name of SET_NAMES) {
  note(`rules: ${name}`);
  mkdirSync(placeOf(name), { recursive: true, mode: 0o700 });
  mkdirSync(dataOf(name), { recursive: true, mode: 0o700 });
  const made = await makeRules(dataOf(name), SETS[name]);
  if (name !== "many") continue;
  if (made.seconds !== undefined) figures.set("import, s", made.seconds.toFixed(0));
  figures.set("database, MB", String(made.databaseMegabytes));
}
await measureRates();
await measureJudgements();
await measureWrites();
process.stdout.write(
  flags.json
    ? `${JSON.stringify(Object.fromEntries(figures), null, 2)}\n`
    : [...figures].map(([name, value]) => `${name.padEnd(58)} ${value}\n`).join(""),
);

/** A path with its rules, its counters and what it has made so far. */
interface Rated {
  readonly path: Path;
  readonly perSecond: number[];
  /** Microseconds of processor time for a token, of the server and of HAProxy. */
  readonly serverMicros: number[];
  readonly haproxyMicros: number[];
}

/**
 * Tokens that are all new, with five million rules in the store and with none: both paths stand ready, and are
 * loaded in turn for a moment each, so that what else the machine does hits both alike.
 */
async function measureRates(): Promise<void> {
  const rounds = Number(flags.rounds);
  note(`signing ${rounds * BURST + USERS * WARM_TOKENS} tokens`);
  const warmFile = writeTokens("warm-tokens", USERS * WARM_TOKENS);
  const bursts = Array.from({ length: rounds }, (_, n) => writeTokens(`burst-${n}`, BURST));
  for (const where of ["in HAProxy", "by the server"] as const) {
    await using own = new AsyncDisposableStack();
    const rated = new Map<"none" | "many", Rated>();
    for (const name of ["none", "many"] as const) {
      note(`warming up: ${name}, signatures verified ${where}`);
      const path = await startPath(own, name, where === "in HAProxy");
      rated.set(name, { path, perSecond: [], serverMicros: [], haproxyMicros: [] });
      figures.set(`ready after its start, rules: ${name}, ms`, path.readyAfterMs.toFixed(0));
      // Every user's rules are known, as they are when a server has run for a while; the first look at each may
      // take longer than a request waits.
      await loadOnce(path, warmFile, WARM_SECONDS, USERS);
    }
    for (const [n, file] of bursts.entries()) {
      const inTurn = [...rated.values()];
      for (const one of n % 2 === 0 ? inTurn : inTurn.toReversed()) await addBurst(one, file);
    }
    const pid = rated.get("many")?.path.server.program().pid ?? 0;
    figures.set("resident memory, rules: many, every subject seen, MB", rssOf(pid).toFixed(0));
    reportRates(where, rated.get("none"), rated.get("many"));
  }
}

async function addBurst(rated: Rated, file: string): Promise<void> {
  const { server, haproxy } = rated.path;
  const pids = [server.program().pid, haproxy.program().pid] as const;
  const before = pids.map(cpuMicros);
  const { perSecond, requests } = await loadOnce(rated.path, file, BURST_SECONDS);
  if (requests >= BURST)
    throw new Error("the tokens did not last for the time: the rate is not known");
  const [ofServer = 0, ofHaproxy = 0] = pids.map(
    (pid, i) => (cpuMicros(pid) - (before[i] ?? 0)) / requests,
  );
  rated.perSecond.push(perSecond);
  rated.serverMicros.push(ofServer);
  rated.haproxyMicros.push(ofHaproxy);
}

async function loadOnce(
  path: Path,
  tokenFile: string,
  seconds: number,
  mayFail = 0,
): Promise<Round> {
  const { port } = path.haproxy;
  const round = await load({
    port,
    script: writeLoadScript(folder),
    tokenFile,
    use: "once",
    cycle: 1,
    seconds,
  });
  if (round.errors > mayFail) throw new Error(`${round.errors} requests failed`);
  return round;
}

function reportRates(where: string, none: Rated | undefined, many: Rated | undefined): void {
  if (none === undefined || many === undefined) return;
  const ratios = many.perSecond.map((rate, i) => rate / (none.perSecond[i] ?? Number.NaN));
  const title = `new tokens, verified ${where}`;
  for (const [name, one] of Object.entries({ none, many })) {
    const [rate, server, haproxy] = [one.perSecond, one.serverMicros, one.haproxyMicros].map(
      median,
    );
    figures.set(`${title}, rules: ${name}, /s`, (rate ?? 0).toFixed(0));
    figures.set(
      `${title}, rules: ${name}, µs of server + HAProxy each`,
      `${(server ?? 0).toFixed(0)} + ${(haproxy ?? 0).toFixed(0)}`,
    );
  }
  figures.set(`${title}: rate, many ÷ none, median of ${ratios.length}`, median(ratios).toFixed(2));
  const [ofNone, ofMany] = [none, many].map(
    (one) => median(one.serverMicros) + median(one.haproxyMicros),
  );
  figures.set(
    `${title}: tokens per processor second, many ÷ none`,
    ((ofNone ?? 0) / (ofMany ?? 1)).toFixed(2),
  );
}

/** One judgement after the other, by a server with very many global rules and by one with ten, in turn. */
async function measureJudgements(): Promise<void> {
  note("judgements with global rules");
  await using own = new AsyncDisposableStack();
  const servers = [await startServer(own, "globals"), await startServer(own, "ten")] as const;
  const connections = await Promise.all(servers.map(({ port }) => openConnection(port)));
  const times = servers.map((): number[] => []);
  for (let n = 0; n < JUDGEMENTS; n++) {
    const token = newToken(n);
    const head = `POST / HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${VERIFIER_KEY}\r\ncontent-type: application/jwt\r\ncontent-length: ${token.length}\r\n\r\n`;
    for (const [i, connection] of connections.entries()) {
      const sentAt = performance.now();
      connection.write(head + token);
      const response = await connection.response();
      if (n >= JUDGEMENTS / 10) times[i]?.push(performance.now() - sentAt);
      if (response?.body.includes('"valid":"1"') !== true) throw new Error("it was refused");
    }
  }
  for (const connection of connections) connection.close();
  const [many = 0, ten = 0] = times.map(median);
  const count = SETS.globals.globals;
  figures.set(`a judgement, ${count} global rules, median ms`, many.toFixed(3));
  figures.set("a judgement, 10 global rules, median ms", ten.toFixed(3));
  figures.set("a judgement with global rules: ratio", (many / ten).toFixed(2));
}

/** From a rule's sending to its acknowledgement, on disk, while requests come in. */
async function measureWrites(): Promise<void> {
  note("rules written under load");
  await using own = new AsyncDisposableStack();
  const { server, haproxy } = await startPath(own, "many", true);
  const created = await server.run(
    "admin",
    "token",
    "create",
    "--name",
    newName(),
    "--role",
    "admin",
  );
  const apiToken = created.stdout.trim().split("\n").at(-1) ?? "";
  const stopping = new AbortController();
  const took: number[] = [];
  const underWay = load({
    port: haproxy.port,
    script: writePacedScript(),
    tokenFile: writeTokens("known-tokens", 1000),
    use: "cycle",
    cycle: 1000,
    seconds: 12,
  }).finally(() => stopping.abort());
  await Bun.sleep(2000);
  for (let n = 0; n < WRITES && !stopping.signal.aborted; n++) {
    const startedAt = performance.now();
    const response = await fetch(`http://127.0.0.1:${server.adminPort}/api/v1/rules`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiToken}`, "content-type": "application/json" },
      body: JSON.stringify({
        subject: userName(n),
        rule: { jti: crypto.randomUUID() },
        reason: "bench",
      }),
    });
    await response.arrayBuffer();
    if (response.status !== 201) throw new Error(`a rule got ${response.status}`);
    took.push(performance.now() - startedAt);
    await Bun.sleep(20);
  }
  const { perSecond } = await underWay;
  const sorted = took.toSorted((a, b) => a - b);
  figures.set("rules written under load of requests/s", perSecond.toFixed(0));
  figures.set("a rule on disk and answered, median ms", median(took).toFixed(2));
  const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
  figures.set("a rule on disk and answered, 99 of 100 within ms", p99.toFixed(2));
}

async function startServer(own: AsyncDisposableStack, name: SetName): Promise<Appliance> {
  return startAppliance(own, {
    folder: placeOf(name),
    env: { JWT_JWKS_FILE: keyFile, JWT_VERIFIER_KEY: VERIFIER_KEY, JWT_LOG_LEVEL: "warn" },
    prefix: OTHER_CORE,
  });
}

interface Path {
  readonly server: Appliance;
  readonly haproxy: Haproxy;
  readonly readyAfterMs: number;
}

async function startPath(
  own: AsyncDisposableStack,
  name: SetName,
  verifiesInHaproxy: boolean,
): Promise<Path> {
  const startedAt = performance.now();
  const server = await startServer(own, name);
  const readyAfterMs = performance.now() - startedAt;
  const config = join(folder, "shipped.cfg");
  writeFileSync(config, shippedReturn(ROOT));
  const haproxy = await startHaproxy(own, {
    folder: placeOf(name),
    config,
    env: {
      ...(verifiesInHaproxy ? { JWT_JWKS_FILE: keyFile } : {}),
      JWT_VERIFIER_KEY: VERIFIER_KEY,
      JWT_TOKEN_SERVER: `127.0.0.1:${server.port}`,
      JWT_CLAIM_VARS: "username,sub",
    },
    prefix: HAPROXY_CORE,
  });
  return { server, haproxy, readyAfterMs };
}

function placeOf(name: SetName): string {
  return join(dataRoot, name);
}

/** Where a server in that place keeps its data. */
function dataOf(name: SetName): string {
  return join(placeOf(name), "data");
}

function newToken(n: number): string {
  const user = userName((n * 7919) % Math.max(USERS, 1));
  const more = { st: 1, cs: crypto.randomUUID(), rt: crypto.randomUUID(), aud: "api" };
  return mint(key, claims({ sub: user, username: user, ...more }));
}

function newName(): string {
  return `bench-${crypto.randomUUID()}`;
}

function writeTokens(name: string, count: number): string {
  const path = join(folder, name);
  writeFileSync(path, Array.from({ length: count }, (_, n) => newToken(n)).join("\n"));
  return path;
}

/** About ten thousand requests a second from wrk's 32 connections. */
function writePacedScript(): string {
  const path = join(folder, "paced.lua");
  writeFileSync(
    path,
    `${readFileSync(writeLoadScript(folder), "utf8")}\nfunction delay() return 2 end\n`,
  );
  return path;
}

/** Processor time that a process has used, of all its threads; the kernel counts in hundredths of a second. */
function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function rssOf(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kib) * 1024) / 1e6;
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
