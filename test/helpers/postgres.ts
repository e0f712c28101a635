/** A real PostgreSQL in a folder of its own, started, stopped and broken as a test needs it. */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "./ports.ts";
import { type Program, startProgram } from "./program.ts";
import { createTempFolder } from "./temp-folder.ts";
import { waitFor } from "./wait-for.ts";

const USER = "jwt";
const DATABASE = "postgres";

/** A running server, a primary unless it was made as a standby. */
export interface Postgres {
  readonly port: number;
  readonly url: string;
  readonly program: () => Program;
  /** Runs SQL with psql's rules; the rows as text, columns separated by `|`. */
  readonly sql: (text: string) => Promise<string>;
  /** Writes a line into its configuration and has it read. */
  readonly set: (line: string) => Promise<void>;
  /** As a crash: nothing is written any more. */
  readonly kill: () => Promise<void>;
  /** An orderly end that does not wait for its clients. */
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Makes a standby the primary. */
  readonly promote: () => Promise<void>;
  /** Starts a standby that follows this server, as `name` in synchronous_standby_names. */
  readonly addStandby: (name: string) => Promise<Postgres>;
}

export interface PostgresOptions {
  /** Lines of postgresql.conf. */
  readonly settings?: readonly string[];
}

/** Where Debian puts each version's programs; the newest. */
function findPrograms(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).map(Number) : [];
  if (versions.length === 0) throw new Error("PostgreSQL is missing: run scripts/setup postgres");
  return join(root, String(Math.max(...versions)), "bin");
}

/** Starts a new, empty server; it stops when `stack` is disposed. */
export async function startPostgres(
  stack: AsyncDisposableStack,
  options: PostgresOptions = {},
): Promise<Postgres> {
  const folder = createOwnedFolder(stack);
  const data = join(folder, "data");
  await run([
    join(findPrograms(), "initdb"),
    ..."-A trust -E UTF8 --no-locale --no-sync".split(" "),
    "-U",
    USER,
    "-D",
    data,
  ]);
  writeFileSync(
    join(data, "pg_hba.conf"),
    "host all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n",
  );
  return startServer(stack, folder, data, options.settings ?? []);
}

async function startServer(
  stack: AsyncDisposableStack,
  folder: string,
  data: string,
  settings: readonly string[],
): Promise<Postgres> {
  const port = await findFreePort();
  const logFile = join(folder, "postgres.log");
  writeFileSync(
    join(data, "postgresql.conf"),
    [
      "listen_addresses = '127.0.0.1'",
      `port = ${port}`,
      "unix_socket_directories = ''",
      "shared_buffers = 32MB",
      "max_wal_senders = 4",
      "wal_level = replica",
      "hot_standby = on",
      ...settings,
      "",
    ].join("\n"),
  );
  const spawn = () =>
    startProgram(stack, {
      command: [...demoted(), join(findPrograms(), "postgres"), "-D", data],
      logFile,
      cwd: folder,
    });
  const url = `postgres://${USER}@127.0.0.1:${port}/${DATABASE}`;
  const sql = (text: string) =>
    run([
      join(findPrograms(), "psql"),
      "-X",
      "-A",
      "-t",
      "-q",
      "-v",
      "ON_ERROR_STOP=1",
      "-c",
      text,
      url,
    ]);
  let program = spawn();
  const waitUntilUp = () =>
    waitFor("PostgreSQL to accept connections", async () => {
      if (!program.isRunning()) throw new Error(program.output().slice(-2000));
      return (await sql("SELECT 1")).trim() === "1";
    });
  await waitUntilUp();
  return {
    port,
    url,
    program: () => program,
    sql,
    set: async (line) => {
      writeFileSync(join(data, "postgresql.conf"), `${line}\n`, { flag: "a" });
      await sql("SELECT pg_reload_conf()");
    },
    kill: async () => {
      program.signal("SIGQUIT");
      await program.exited;
    },
    stop: async () => {
      program.signal("SIGINT");
      await program.exited;
    },
    start: async () => {
      program = spawn();
      await waitUntilUp();
    },
    promote: async () => {
      await sql("SELECT pg_promote()");
      await waitFor(
        "the promotion",
        async () => (await sql("SELECT pg_is_in_recovery()")).trim() === "f",
      );
    },
    addStandby: async (name) => {
      const own = createOwnedFolder(stack);
      const copy = join(own, "data");
      const source = `postgres://${USER}@127.0.0.1:${port}/${DATABASE}?application_name=${name}`;
      await run([
        join(findPrograms(), "pg_basebackup"),
        ..."-X stream -c fast --no-sync".split(" "),
        "-d",
        source,
        "-D",
        copy,
      ]);
      writeFileSync(join(copy, "standby.signal"), "");
      return startServer(stack, own, copy, [`primary_conninfo = '${source}'`]);
    },
  };
}

/** PostgreSQL refuses to run as root. */
function demoted(): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  // Another user's program is off the leash of whoever started it, unless it is put on it again.
  const leash = ["--pdeathsig", "KILL"];
  return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", ...leash, "--"];
}

function createOwnedFolder(stack: AsyncDisposableStack): string {
  const parent = createTempFolder(stack);
  const folder = join(parent, "postgres");
  mkdirSync(folder, { mode: 0o700 });
  if (process.getuid?.() === 0) {
    chmodSync(parent, 0o711);
    // Debian's nobody and nogroup.
    chownSync(folder, 65_534, 65_534);
  }
  return folder;
}

async function run(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...demoted(), ...command], {
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
    cwd: "/",
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${command[0] ?? ""} failed: ${stderr}`);
  return stdout;
}
