/** The whole path of a request: client, HAProxy, token-server, upstream, wired for one test file. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Appliance, startAppliance } from "./appliance.ts";
import { type Answer, toAnswer } from "./answer.ts";
import { type Haproxy, startHaproxy } from "./haproxy.ts";
import { type Provoked, scanLogs } from "./log-scan.ts";
import { exchange, toRequest } from "./raw-client.ts";
import { type RawUpstream, startRawUpstream } from "./raw-upstream.ts";
import { type TcpProxy, startTcpProxy } from "./tcp-proxy.ts";
import { createTempFolder } from "./temp-folder.ts";
import { createKeys, type Keys } from "./tokens.ts";

/** What to put between client and upstream; everything has a default. */
export interface EdgeOptions extends FrontOptions, Provoked {
  /** Keys made beforehand, where a table of tokens needs them. */
  readonly keys?: Keys;
  /** The key file's content: the default keys in the seed's form, unless given. */
  readonly keyFile?: unknown;
  /** JWT_DECRYPT_FILE's content: the default `dir` key, unless given. */
  readonly decryptFile?: unknown;
  readonly serverEnv?: Readonly<Record<string, string>>;
  /** The server's configuration file, by its path; what `serverEnv` says goes over it. */
  readonly serverConfig?: string;
}

/** What of an edge is HAProxy's. */
export interface FrontOptions {
  /** A name under haproxy/ or a path. */
  readonly config?: string;
  /** Whether HAProxy gets the key file too, or leaves signatures to the token-server. */
  readonly verifiesInHaproxy?: boolean;
  readonly haproxyEnv?: Readonly<Record<string, string>>;
  readonly luaDir?: string;
  readonly extraConfigs?: readonly string[];
  /** HAProxy's threads; each has a cache of its own. As many as there are processors, unless given. */
  readonly threads?: number;
  /** After how many instructions HAProxy takes the turn from Lua; 10 000 unless given. */
  readonly forcedYield?: number;
  /** Puts a TCP proxy between HAProxy and the token-server. */
  readonly withCable?: boolean;
}

/** A running edge. */
export interface Edge {
  readonly keys: Keys;
  readonly folder: string;
  readonly keyFile: string;
  readonly server: Appliance;
  readonly haproxy: Haproxy;
  readonly upstream: RawUpstream;
  readonly cable: TcpProxy | undefined;
  /** Sends one GET with a token, or without, and says what the upstream was told. */
  readonly ask: (token?: string, lines?: readonly string[]) => Promise<Answer>;
  /** Sends bytes as they are. */
  readonly send: (bytes: Buffer | string, timeoutMs?: number) => Promise<Answer>;
  /** Words that must never be read in a log. */
  readonly keepSecret: (text: string) => void;
  /** Starts another HAProxy before the same server and upstream. */
  readonly beside: (options: FrontOptions) => Promise<Edge>;
}

/**
 * Starts server, upstream and HAProxy. When `stack` is disposed, they stop and their logs are read: a token that was
 * sent through `ask`, a secret, or an error that the test does not provoke fails the file.
 */
export async function startEdge(
  stack: AsyncDisposableStack,
  options: EdgeOptions = {},
): Promise<Edge> {
  const folder = createTempFolder(stack);
  const keys = options.keys ?? createKeys();
  const secrets = new Set<string>([keys.hs.entry["secret"] ?? "", String(keys.dir.jwk["k"])]);
  stack.defer(() => scanLogs(folder, secrets, options));
  const entries = options.keyFile ?? [keys.hs.entry, keys.rs.entry, keys.es.entry];
  const keyFile = writeJson(join(folder, "keys.json"), entries);
  const decryptFile = writeJson(
    join(folder, "decrypt.json"),
    options.decryptFile ?? { keys: [keys.dir.jwk] },
  );
  const serverFolder = join(folder, "server");
  mkdirSync(serverFolder);

  const upstream = await startRawUpstream(stack);
  const server = await startAppliance(stack, {
    folder: serverFolder,
    env: { JWT_JWKS_FILE: keyFile, JWT_DECRYPT_FILE: decryptFile, ...options.serverEnv },
    ...(options.serverConfig === undefined ? {} : { config: options.serverConfig }),
  });
  secrets.add(server.verifierKey);
  return startFront(stack, { folder, keys, keyFile, secrets, server, upstream }, options);
}

/** What every HAProxy of one edge shares. */
interface Back extends Pick<Edge, "folder" | "keys" | "keyFile" | "server" | "upstream"> {
  readonly secrets: Set<string>;
}

async function startFront(
  stack: AsyncDisposableStack,
  back: Back,
  options: FrontOptions,
): Promise<Edge> {
  const { folder, keyFile, secrets, server, upstream } = back;
  const cable = options.withCable === true ? await startTcpProxy(stack, server.port) : undefined;
  const haproxy = await startHaproxy(stack, {
    folder,
    config: options.config ?? "haproxy.cfg",
    leadingConfigs: writeLeading(folder, options),
    extraConfigs: options.extraConfigs ?? [],
    env: {
      JWT_UPSTREAM: `127.0.0.1:${upstream.port}`,
      JWT_TOKEN_SERVER: `127.0.0.1:${cable?.port ?? server.port}`,
      JWT_VERIFIER_KEY: server.verifierKey,
      ...(options.verifiesInHaproxy === false ? {} : { JWT_JWKS_FILE: keyFile }),
      ...(options.luaDir === undefined ? {} : { JWT_LUA_DIR: options.luaDir }),
      ...options.haproxyEnv,
    },
  });
  const send = async (bytes: Buffer | string, timeoutMs?: number) =>
    toAnswer(await exchange(haproxy.port, bytes, timeoutMs === undefined ? {} : { timeoutMs }));
  return {
    ...back,
    haproxy,
    cable,
    send,
    keepSecret: (text) => secrets.add(text),
    beside: (more) => startFront(stack, back, more),
    ask: async (token, lines = []) => {
      if (token === undefined) return send(toRequest(lines));
      // No log has a part of this length by chance.
      for (const part of token.split(".")) if (part.length >= 24) secrets.add(part);
      return send(toRequest([`authorization: Bearer ${token}`, ...lines]));
    },
  };
}

/** A file beside the configuration that sets what the shipped one leaves to HAProxy. */
function writeLeading(folder: string, { threads, forcedYield }: FrontOptions): string[] {
  const lines = [
    ...(threads === undefined ? [] : [`  nbthread ${threads}`]),
    ...(forcedYield === undefined ? [] : [`  tune.lua.forced-yield ${forcedYield}`]),
  ];
  if (lines.length === 0) return [];
  const path = join(folder, `leading-${threads ?? "all"}-${forcedYield ?? "seldom"}.cfg`);
  writeFileSync(path, `global\n${lines.join("\n")}\n`);
  return [path];
}

function writeJson(path: string, value: unknown): string {
  writeFileSync(path, JSON.stringify(value), { mode: 0o600 });
  return path;
}
