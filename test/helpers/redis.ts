/** Real Redis servers on free ports: one, one behind Sentinels, and a cluster. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { findFreePort } from "./ports.ts";
import { type Program, startProgram } from "./program.ts";
import { createTempFolder } from "./temp-folder.ts";
import { waitFor } from "./wait-for.ts";

/** What the seed puts before a user's name. */
export const SETS = "{ms-users}jwt-rules:";

export interface RedisServer {
  readonly port: number;
  readonly program: () => Program;
  /** A connection for the test's own commands. */
  readonly client: Redis;
  readonly stop: () => Promise<void>;
  /** Starts it again on the same port, with what it had saved. */
  readonly start: () => Promise<void>;
}

/** @param settings words of redis-server's command line: `["--notify-keyspace-events", "KA"]` */
export async function startRedis(
  stack: AsyncDisposableStack,
  settings: readonly string[] = [],
): Promise<RedisServer> {
  const folder = createTempFolder(stack);
  const port = await findFreePort();
  const command = ["redis-server", "--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
  const common = ["--appendonly", "no", "--save", "", ...settings];
  const spawn = () =>
    startProgram(stack, { command: [...command, ...common], logFile: join(folder, "log") });
  const client = new Redis({
    port,
    lazyConnect: true,
    retryStrategy: () => 50,
    protocol: 2,
    password: passwordOf(settings),
  });
  client.on("error", () => undefined);
  stack.defer(() => client.disconnect());
  let program = spawn();
  const waitUntilUp = () =>
    waitFor(`redis on ${port}`, async () => {
      if (!program.isRunning()) throw new Error(program.output().slice(-1000));
      if (client.status === "wait") await client.connect();
      return (await client.ping()) === "PONG";
    });
  await waitUntilUp();
  return {
    port,
    client,
    program: () => program,
    stop: () => program.stop(),
    start: async () => {
      program = spawn();
      await waitUntilUp();
    },
  };
}

function passwordOf(settings: readonly string[]): string | undefined {
  const at = settings.indexOf("--requirepass");
  return at === -1 ? undefined : settings[at + 1];
}

export interface Sentinels {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** `host:port,…` of the Sentinels. */
  readonly hosts: string;
  /** Has the replica take over; returns when it has. */
  readonly failOver: () => Promise<void>;
}

/** A master, a replica and one Sentinel that calls them `rules`. */
export async function startSentinels(stack: AsyncDisposableStack): Promise<Sentinels> {
  const events = ["--notify-keyspace-events", "KA"];
  const master = await startRedis(stack, events);
  const replica = await startRedis(stack, [
    ...events,
    "--replicaof",
    `127.0.0.1 ${master.port}`,
    "--repl-diskless-sync-delay",
    "0",
  ]);
  const folder = createTempFolder(stack);
  const port = await findFreePort();
  const config = join(folder, "sentinel.conf");
  writeFileSync(
    config,
    [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${folder}`,
      `sentinel monitor rules 127.0.0.1 ${master.port} 1`,
      "sentinel down-after-milliseconds rules 1000",
      "sentinel failover-timeout rules 5000",
    ].join("\n"),
  );
  startProgram(stack, {
    command: ["redis-sentinel", config],
    logFile: join(folder, "log"),
  });
  const sentinel = new Redis({ port, retryStrategy: () => 50, protocol: 2 });
  sentinel.on("error", () => undefined);
  stack.defer(() => sentinel.disconnect());
  const masterPort = async () => {
    const answer: unknown = await sentinel.call("SENTINEL", "get-master-addr-by-name", "rules");
    return Array.isArray(answer) ? Number(answer[1]) : undefined;
  };
  await waitFor(
    "the replica to follow, and the Sentinel to know it",
    async () => {
      const info = await replica.client.info("replication");
      const known: unknown = await sentinel.call("SENTINEL", "replicas", "rules");
      const flags = Array.isArray(known) ? JSON.stringify(known[0] ?? "") : "";
      return (
        info.includes("master_link_status:up") &&
        flags.includes('"flags","slave"') &&
        flags.includes('"master-link-status","ok"')
      );
    },
    30_000,
  );
  return {
    master,
    replica,
    hosts: `127.0.0.1:${port}`,
    failOver: async () => {
      await waitFor("the Sentinel to begin", async () => {
        const answer: unknown = await sentinel.call("SENTINEL", "failover", "rules");
        return answer === "OK";
      });
      await waitFor(
        "the replica to be master",
        async () => (await masterPort()) === replica.port,
        30_000,
      );
    },
  };
}

export interface RedisCluster {
  readonly servers: readonly RedisServer[];
  /** `host:port` of one of them. */
  readonly host: string;
}

/** Three masters with a third of the slots each. */
export async function startCluster(stack: AsyncDisposableStack): Promise<RedisCluster> {
  const folder = createTempFolder(stack);
  const servers = await Promise.all(
    [0, 1, 2].map(async (index) => {
      const own = join(folder, String(index));
      mkdirSync(own);
      return startRedis(stack, [
        "--cluster-port",
        String(await findFreePort()),
        "--cluster-enabled",
        "yes",
        "--cluster-config-file",
        join(own, "nodes.conf"),
        "--notify-keyspace-events",
        "KA",
      ]);
    }),
  );
  const hosts = servers.map(({ port }) => `127.0.0.1:${port}`);
  const creating = Bun.spawn(["redis-cli", "--cluster", "create", ...hosts, "--cluster-yes"]);
  const said = await new Response(creating.stdout).text();
  if ((await creating.exited) !== 0) throw new Error(said);
  await waitFor(
    "the cluster to be whole",
    async () => {
      const states = await Promise.all(
        servers.map(({ client }) => client.call("CLUSTER", "INFO") as Promise<string>),
      );
      return states.every((state) => state.includes("cluster_state:ok"));
    },
    20_000,
  );
  return { servers, host: hosts[0] ?? "" };
}
