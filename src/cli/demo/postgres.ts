/** A PostgreSQL for showing, with standbys: in a temporary folder, on 127.0.0.1, without passwords. */
import { execFile, execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { AppError } from "../../core/app-error.ts";
import { type Child, startChild, waitUntilUp } from "./children.ts";
import { findFreePort } from "./upstream.ts";

/** A running server. */
export interface SamplePostgres {
  readonly port: number;
  /** Ends it as a crash would. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Makes a standby the primary. */
  readonly promote: () => Promise<void>;
  /** Starts a standby, and has every commit wait for it. */
  readonly addStandby: (name: string) => Promise<SamplePostgres>;
  readonly stop: () => Promise<void>;
}

const run = promisify(execFile);

/** Starts an empty server. @throws AppError unavailable where PostgreSQL is not installed */
export async function startPostgres(): Promise<SamplePostgres> {
  const folder = createFolder();
  try {
    const data = join(folder, "data");
    await runAsOwner("initdb", "-D", data, "-U", "jwt", "-A", "trust", "--no-sync");
    const trusted = ["all", "replication"].map((of) => `host ${of} all 127.0.0.1/32 trust\n`);
    writeFileSync(join(data, "pg_hba.conf"), trusted.join(""));
    return await startServer(folder, "");
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function startServer(folder: string, settings: string): Promise<SamplePostgres> {
  const data = join(folder, "data");
  const port = await findFreePort();
  const config = join(data, "postgresql.conf");
  writeFileSync(
    config,
    `listen_addresses = '127.0.0.1'\nport = ${port}\nunix_socket_directories = ''\n` +
      `shared_buffers = 32MB\n${settings}`,
  );
  const url = `postgres://jwt@127.0.0.1:${port}/postgres`;
  const sql = async (text: string) => {
    const { stdout } = await runAsOwner("psql", "-X", "-A", "-t", "-q", "-c", text, url);
    return stdout.trim();
  };
  let child: Child | undefined;
  const start = async () => {
    child = startChild({
      name: "PostgreSQL",
      command: [...asOwner("postgres"), "-D", data],
      env: {},
      logFile: join(folder, "postgres.log"),
      endSignal: "SIGQUIT",
    });
    await waitUntilUp(child, async () => (await sql("SELECT 1")) === "1");
  };
  await start();
  const kill = async () => child?.kill();
  return {
    port,
    kill,
    start,
    promote: async () => {
      await sql("SELECT pg_promote()");
    },
    addStandby: async (name) => {
      const own = createFolder();
      const copy = join(own, "data");
      const source = `${url}?application_name=${name}`;
      await runAsOwner("pg_basebackup", "-D", copy, "-d", source, "-X", "stream", "-c", "fast");
      writeFileSync(join(copy, "standby.signal"), "");
      const standby = await startServer(own, `primary_conninfo = '${source}'\n`);
      appendFileSync(config, `synchronous_standby_names = '${name}'\n`);
      await sql("SELECT pg_reload_conf()");
      while ((await sql("SELECT max(sync_state) FROM pg_stat_replication")) !== "sync") {
        await Bun.sleep(20);
      }
      return standby;
    },
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Where Debian puts each version's programs, the newest first; else the PATH. */
function findProgram(name: string): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).map(Number) : [];
  const candidates = versions
    .toSorted((a, b) => b - a)
    .map((version) => join(root, String(version), "bin", name));
  for (const candidate of [...candidates, name]) {
    try {
      execFileSync(candidate, ["--version"], { stdio: "ignore" });
      return candidate;
    } catch {
      continue;
    }
  }
  throw new AppError("unavailable", "PostgreSQL was not found: install the package postgresql");
}

/** PostgreSQL refuses to run as root. */
function asOwner(name: string): [string, ...string[]] {
  if (process.getuid?.() !== 0) return [findProgram(name)];
  const demoted = ["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--pdeathsig", "KILL"];
  return ["setpriv", ...demoted, "--", findProgram(name)];
}

function runAsOwner(name: string, ...args: readonly string[]) {
  const [file, ...words] = asOwner(name);
  return run(file, [...words, ...args], { cwd: "/", env: { ...process.env, LC_ALL: "C" } });
}

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "haproxy-jwt-demo-postgres-"));
  // Debian's nobody and nogroup.
  if (process.getuid?.() === 0) chownSync(folder, 65_534, 65_534);
  chmodSync(folder, 0o700);
  mkdirSync(folder, { recursive: true });
  return folder;
}
