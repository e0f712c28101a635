/** Makes the connections to a Redis, and says in one sentence why there is none. */
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { AppError } from "../core/app-error.ts";
import type { HostPort, RedisAddress } from "./address.ts";

/** What an address cannot say. */
export interface RedisSecrets {
  readonly password: string | undefined;
  readonly sentinelPassword: string | undefined;
  /** PEM of the authorities that may sign for it; undefined: those that everybody trusts. */
  readonly ca: string | undefined;
}

/** One way to all of a Redis. */
export interface RedisClients {
  readonly client: Redis | Cluster;
  /** Those that hold the keys, all of them, each to be asked for its own. Rejects where one is away. */
  masters(): Promise<readonly Redis[]>;
  /** A connection of its own to each server that tells of changes; not connected yet. */
  listeners(): readonly Redis[];
}

const CONNECT_MS = 5000;
const COMMAND_MS = 30_000;
const RETRY_MAX_MS = 1000;
const SLOTS = 16_384;

export function createClients(address: RedisAddress, secrets: RedisSecrets): RedisClients {
  const shared = optionsOf(address, secrets);
  if (address.kind === "cluster") return createCluster(address, shared);
  const options: Omit<RedisOptions, "replyMapping"> = {
    ...shared,
    ...placeOf(address, secrets),
    db: address.db,
    lazyConnect: true,
  };
  const create = () => new Redis(options);
  const client = create();
  return { client, masters: async () => [client], listeners: () => [create()] };
}

function createCluster(
  { hosts }: RedisAddress,
  shared: ReturnType<typeof optionsOf>,
): RedisClients {
  const client = new Cluster([...hosts], {
    lazyConnect: true,
    redisOptions: shared,
    enableOfflineQueue: false,
    slotsRefreshTimeout: CONNECT_MS,
    slotsRefreshInterval: RETRY_MAX_MS * 5,
    clusterRetryStrategy: retryAfter,
  });
  return {
    client,
    masters: () => ownersOfSlots(client),
    // Replicas tell as well: whichever of them is master tomorrow is heard already.
    listeners: () =>
      client
        .nodes("all")
        .map(
          ({ options }) =>
            new Redis({ ...shared, ...portOf(options), lazyConnect: true, readOnly: true }),
        ),
  };
}

/** A node that went away is no node any more to the client: only the slots say who is missing. */
async function ownersOfSlots(client: Cluster): Promise<readonly Redis[]> {
  const masters = new Map<string, Redis>();
  for (const node of client.nodes("master")) {
    const { host, port } = portOf(node.options);
    masters.set(`${host}:${port}`, node);
  }
  const [first] = masters.values();
  const slots: unknown = await first?.call("CLUSTER", "SLOTS");
  if (first === undefined || !Array.isArray(slots)) throw new Error("no server of it answers");
  const owners = new Set<Redis>();
  let covered = 0;
  for (const range of slots) {
    const [from, to, [host, port]] = parseRange(range);
    // An empty host is the one that was asked.
    const owner = masters.get(`${host === "" ? portOf(first.options).host : host}:${port}`);
    if (owner === undefined) throw new Error(`its server ${host}:${port} is away`);
    owners.add(owner);
    covered += to - from + 1;
  }
  if (covered < SLOTS) throw new Error(`nobody has ${SLOTS - covered} of its slots`);
  return [...owners];
}

/** One of `CLUSTER SLOTS`: first and last slot, then the master and its replicas. */
function parseRange(range: unknown): [number, number, [string, number]] {
  if (Array.isArray(range)) {
    const [from, to, master]: unknown[] = range;
    if (typeof from === "number" && typeof to === "number" && Array.isArray(master)) {
      const [host, port]: unknown[] = master;
      if (typeof port === "number") return [from, to, [typeof host === "string" ? host : "", port]];
    }
  }
  throw new Error("what it says of its slots cannot be read");
}

/** The server that a connection is to. */
function portOf({ host = "127.0.0.1", port = 6379 }: RedisOptions): HostPort {
  return { host, port };
}

function optionsOf(address: RedisAddress, secrets: RedisSecrets) {
  return {
    // Every Redis that a seed may run on speaks it.
    protocol: 2,
    disableClientInfo: true,
    username: address.username,
    password: secrets.password ?? address.password,
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    // Whoever asks is told at once, and asks again.
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    retryStrategy: retryAfter,
    ...(address.isTls ? { tls: tlsOf(secrets) } : {}),
  } satisfies RedisOptions;
}

function placeOf(
  { kind, hosts, master, isTls }: RedisAddress,
  secrets: RedisSecrets,
): RedisOptions {
  if (kind === "server") return portOf(hosts[0]);
  return {
    sentinels: [...hosts],
    name: master,
    // Whoever loses its part is told so by the Sentinels, which close its connections: no need to ask them.
    failoverDetector: false,
    sentinelRetryStrategy: retryAfter,
    ...(secrets.sentinelPassword === undefined
      ? {}
      : { sentinelPassword: secrets.sentinelPassword }),
    ...(isTls ? { enableTLSForSentinelMode: true, sentinelTLS: tlsOf(secrets) } : {}),
  };
}

function tlsOf({ ca }: RedisSecrets): { readonly ca?: string } {
  return ca === undefined ? {} : { ca };
}

function retryAfter(times: number): number {
  return Math.min(100 * times, RETRY_MAX_MS);
}

/** Connects, or says why not: at the first trouble, though it would go on trying. @throws AppError unavailable */
export async function connectWithin(client: Redis | Cluster, what: string): Promise<void> {
  const trouble = Promise.withResolvers<never>();
  const timer = setTimeout(() => trouble.reject(new Error("no answer")), CONNECT_MS);
  client.once("error", trouble.reject);
  try {
    await Promise.race([client.connect(), trouble.promise]);
  } catch (error) {
    client.on("error", () => undefined);
    client.disconnect();
    // The attempt that is given up must not be nobody's.
    trouble.promise.catch(() => undefined);
    throw unavailable(what, error);
  } finally {
    clearTimeout(timer);
    client.off("error", trouble.reject);
  }
}

/** @param what the Redis' name */
export function unavailable(what: string, cause: unknown): AppError {
  const why = cause instanceof Error && cause.message !== "" ? cause.message : "no answer";
  return new AppError("unavailable", `Redis ${what} cannot be used: ${why}`, { cause });
}
