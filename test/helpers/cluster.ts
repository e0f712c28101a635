/** Several machines on one PostgreSQL with its standby: each with a HAProxy, an upstream, and a cable to each database. */
import { type Edge, startEdge } from "./edge.ts";
import { type Postgres, startPostgres } from "./postgres.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
import { createKeys } from "./tokens.ts";
import { waitFor } from "./wait-for.ts";

/** One machine. */
export interface ClusterNode {
  readonly edge: Edge;
  /** Its cables to the primary and to the standby. */
  readonly cables: readonly TcpProxy[];
  readonly cutOff: () => Promise<void>;
  readonly reconnect: () => Promise<void>;
}

export interface TestCluster {
  readonly primary: Postgres;
  readonly standby: Postgres;
  readonly nodes: readonly ClusterNode[];
}

export interface ClusterOptions {
  readonly nodes: number;
  readonly leaseSeconds: number;
  readonly stale?: "strict" | "best-effort";
  /** Where the machines have one, a HAProxy may go from one to the other; else each makes its own. */
  readonly verifierKey?: string;
}

/** Starts it all; it stops when `stack` is disposed. */
export async function startCluster(
  stack: AsyncDisposableStack,
  options: ClusterOptions,
): Promise<TestCluster> {
  const primary = await startPostgres(stack);
  const standby = await primary.addStandby("standby_a");
  await primary.set("synchronous_standby_names = 'standby_a'");
  await waitFor(
    "the standby to be synchronous",
    async () => (await primary.sql("SELECT sync_state FROM pg_stat_replication")).trim() === "sync",
  );
  const keys = createKeys();
  const nodes: ClusterNode[] = [];
  for (let n = 0; n < options.nodes; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- the first one makes the tables
    const cables = [
      await startTcpProxy(stack, primary.port),
      await startTcpProxy(stack, standby.port),
    ];
    const hosts = cables.map(({ port }) => `127.0.0.1:${port}`).join(",");
    // oxlint-disable-next-line no-await-in-loop
    const edge = await startEdge(stack, {
      keys,
      threads: 1,
      serverEnv: {
        JWT_STORE: `postgres://jwt@${hosts}/postgres`,
        JWT_STORE_LEASE: String(options.leaseSeconds),
        JWT_STORE_STALE: options.stale ?? "strict",
        JWT_LOG_LEVEL: "info",
        ...(options.verifierKey === undefined ? {} : { JWT_VERIFIER_KEY: options.verifierKey }),
      },
    });
    const setAll = async (kind: "block" | "pass") => {
      for (const cable of cables) await cable.set({ kind });
    };
    nodes.push({ edge, cables, cutOff: () => setAll("block"), reconnect: () => setAll("pass") });
  }
  return { primary, standby, nodes };
}
