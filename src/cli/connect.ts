/** Reaches the admin API from a command: over the running server's control socket, or in this process. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { hasStore, openOffline, type Offline } from "../app/offline.ts";
import type { Config } from "../config/load.ts";
import { AppError } from "../core/app-error.ts";
import { becomeOwner, callerName } from "./become-owner.ts";
import { describeError } from "../log.ts";
import { dataConfigOf, dataDirOf } from "./data-flags.ts";
import { remark } from "./output.ts";
import { VERSION } from "./version.ts";

/** The admin API, as an admin. */
export interface Api {
  /** Whether a server runs: only then can anybody confirm that a change is enforced. */
  readonly isServer: boolean;
  /** Sends a request to a path below `/api/v1`. */
  request(method: string, path: string, init?: ApiInit): Promise<Response>;
  /** Gives the folder back. Also safe a second time. */
  close(): Promise<void>;
}

export interface ApiInit {
  /** JSON text, or bytes as they come. */
  readonly body?: string | ReadableStream<Uint8Array>;
  readonly type?: string;
  /** Makes a repetition of the request harmless. */
  readonly once?: string;
  /** How long a server's answer may take to begin, in seconds; `Infinity` for work that takes what it takes. */
  readonly patienceSeconds?: number;
}

/** Longer than anything takes that does not say so: a write waits five seconds for a busy disk. */
const DEFAULT_PATIENCE_SECONDS = 30;

/** What becomes of a folder without a store: nothing by default, and what is read is what an empty one holds. */
export interface StoreNeed {
  /** One is made. */
  readonly makesStore?: boolean;
  /** The command fails: what it copied would be taken for a copy of something. */
  readonly needsStore?: boolean;
}

/** A server that is just starting or stopping has the folder, but no socket. */
const PATIENCE_MS = 5000;
const RETRY_MS = 50;

/**
 * Connects to what acts on the command's data folder: one server writes it and tells everyone; where
 * none runs, this process takes the folder's lock and does the same.
 *
 * @throws AppError forbidden, conflict (another command has the folder), not_found (a store that is
 *   needed); ConfigError
 */
export async function connect(command: Command, need: StoreNeed = {}): Promise<Api> {
  const dataDir = dataDirOf(command);
  const user = callerName(process.env);
  const socket = join(dataDir, "control.sock");
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    if (await isListening(socket)) return overSocket(socket, user);
    try {
      return await inProcess(command, dataDir, user, need);
    } catch (error) {
      const isTaken = error instanceof AppError && error.code === "conflict";
      if (!isTaken || performance.now() >= until) throw error;
    }
    await Bun.sleep(RETRY_MS);
  }
}

function overSocket(socket: string, user: string): Api {
  return {
    isServer: true,
    request: (method, path, init) =>
      send(
        toRequest(user, method, path, init),
        socket,
        init?.patienceSeconds ?? DEFAULT_PATIENCE_SECONDS,
      ),
    close: async () => undefined,
  };
}

async function send(request: Request, socket: string, patienceSeconds: number): Promise<Response> {
  const late = new AbortController();
  const isBounded = Number.isFinite(patienceSeconds);
  const timer = isBounded ? setTimeout(() => late.abort(), patienceSeconds * 1000) : undefined;
  try {
    return await fetch(request, { unix: socket, timeout: false, signal: late.signal });
  } catch (cause) {
    const what = late.signal.aborted
      ? `The server has not answered within ${patienceSeconds} s`
      : "The server went away before it answered";
    const hint = request.method === "GET" ? "" : ": look whether the change is there";
    throw new AppError("unavailable", `${what}${hint}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

async function inProcess(
  command: Command,
  dataDir: string,
  user: string,
  need: StoreNeed,
): Promise<Api> {
  const config = dataConfigOf(command);
  const becomeSelf = becomeOwner(dataDir);
  const { handle, close } = await openFolder(config, need).catch((error: unknown) => {
    becomeSelf();
    throw error;
  });
  let closing: Promise<void> | undefined;
  return {
    isServer: false,
    request: (method, path, init) => handle(toRequest(user, method, path, init)),
    // Again and again, with the same end.
    close: () => {
      closing ??= close().finally(becomeSelf);
      return closing;
    },
  };
}

async function openFolder(
  config: Config,
  { makesStore = false, needsStore = false }: StoreNeed,
): Promise<Offline> {
  const { dataDir } = config.settings;
  const isNew = !hasStore(config);
  if (isNew && needsStore) {
    throw new AppError(
      "not_found",
      `There is no store in ${dataDir}: name the right folder with --data-dir`,
    );
  }
  if (isNew && !makesStore) {
    remark(`There is no store in ${dataDir}, so this is what an empty one would answer:`);
    remark("name the right folder with --data-dir, or start haproxy-jwt serve.");
    return openNowhere(config);
  }
  const offline = await open(config);
  if (isNew) {
    remark(`No server is running: nothing is enforced yet. A new store was made in ${dataDir};`);
    remark("if that is not the server's data folder, name the right one with --data-dir.");
  }
  return offline;
}

/** An empty store for as long as one looks into it, so that a mistyped folder is not filled. */
async function openNowhere(config: Config): Promise<Offline> {
  const dataDir = mkdtempSync(join(tmpdir(), "haproxy-jwt-none-"));
  const clear = () => rmSync(dataDir, { recursive: true, force: true });
  try {
    const { handle, close } = await open({ ...config, settings: { ...config.settings, dataDir } });
    return { handle, close: () => close().finally(clear) };
  } catch (error) {
    clear();
    throw error;
  }
}

function open(config: Config): Promise<Offline> {
  return openOffline(config, {
    version: VERSION,
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    random: () => Math.random(),
    onFailure: (error) => remark(JSON.stringify(describeError(error))),
  });
}

function toRequest(user: string, method: string, path: string, init: ApiInit = {}): Request {
  const headers = new Headers({ "x-jwt-user": toHeader(user) });
  if (init.body !== undefined) headers.set("content-type", init.type ?? "application/json");
  if (init.once !== undefined) headers.set("idempotency-key", init.once);
  return new Request(`http://localhost/api/v1${path}`, {
    method,
    headers,
    body: init.body ?? null,
  });
}

/** Tells whether a server runs on a data folder. @throws AppError forbidden */
export function isServing(dataDir: string): Promise<boolean> {
  return isListening(join(dataDir, "control.sock"));
}

/** Tells whether a server answers at a socket. @throws AppError forbidden when this user may not ask it */
async function isListening(path: string): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const socket = connectSocket({ path });
  socket.once("connect", () => resolve(true));
  socket.once("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EACCES" && error.code !== "EPERM") resolve(false);
    else
      reject(
        new AppError("forbidden", `${path} is not yours to use: run this as its owner or as root`),
      );
  });
  return promise.finally(() => socket.destroy());
}

/** A header holds Latin-1 only; what it cannot hold the server would not take either. */
function toHeader(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, "?");
}
