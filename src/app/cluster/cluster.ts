/** Puts a node of several together: the shared store, this node's replica of it, its lease. */
import { hostname } from "node:os";
import type { Config } from "../../config/load.ts";
import { ConfigError } from "../../config/load.ts";
import { AppError } from "../../core/app-error.ts";
import type { Confirmation } from "../../core/feed/confirmation.ts";
import type { VerifierRegistry } from "../../core/feed/verifier-registry.ts";
import { describeError, type Log, type LogFacts } from "../../log.ts";
import type { SharedStoreFigures } from "../../metrics/store-metrics.ts";
import { createNodes } from "../../postgres/nodes.ts";
import { openPostgresStore } from "../../postgres/open-store.ts";
import type { Store } from "../../sqlite/open-store.ts";
import { type NodeSettings, openNodeStore } from "../../sqlite/replica/node-store.ts";
import { ClusterConfirmation } from "./confirmation.ts";
import { Follower, type FollowerEvents } from "./follower.ts";
import { ClusterNode } from "./node.ts";
import { SwitchingIndex } from "./switching-index.ts";

export interface ClusterDeps {
  readonly log: Log;
  readonly version: string;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

export interface Cluster {
  readonly store: Store;
  /** What this node remembers for itself alone. */
  readonly settings: NodeSettings;
  readonly node: ClusterNode;
  hear(events: FollowerEvents): () => void;
  /** Where this machine is with the store. */
  figures(): SharedStoreFigures;
  /** Says who enforces a change, on all nodes. */
  confirmation(registry: VerifierRegistry): Confirmation;
  /** Follows the journal from now on, and holds a lease. */
  start(registry: VerifierRegistry): void;
  /** Brings the replica to the journal's end once, for a command. @throws ConfigError, AppError unavailable */
  catchUp(): Promise<void>;
  /** Gives the lease up; to be called before the store is closed. */
  stop(): Promise<void>;
}

/** How long a start waits for the shared store before it goes on without. */
const START_PATIENCE_MS = 5000;
/** How long a change waits for this node's own replica before it is answered. */
const OWN_PATIENCE_MS = 1000;

/**
 * Opens what this node needs of the store it shares; undefined where it shares none. A store that is
 * away keeps nobody from starting: what is here is here, and may be judged by only under a lease.
 *
 * @throws ConfigError where the database does not keep what it confirms; AppError conflict, unavailable
 */
export async function openCluster(config: Config, deps: ClusterDeps): Promise<Cluster | undefined> {
  const { settings } = config;
  if (settings.store.kind === "sqlite") return undefined;
  const { log, monotonicMs, nowMs } = deps;
  const node = await openNodeStore(settings.dataDir);
  const shared = openPostgresStore({
    endpoints: settings.store.endpoints,
    isSingle: settings.storeSingle,
    nowMs,
    onWritten: async (seq) => {
      await follower.reached(seq, OWN_PATIENCE_MS);
    },
  });
  const { database } = shared;
  const follower = new Follower({
    database,
    node,
    monotonicMs,
    prepare: () => shared.prepare(),
    onTrouble: (error) => log.error("the shared store is not followed", factsOf(error)),
    onFollowing: () => log.info("the shared store is followed again"),
  });
  const index = new SwitchingIndex(() => follower.replica?.index);
  const nodes = createNodes(database, settings.storeSingle);
  const clusterNode = new ClusterNode({
    identity: {
      id: crypto.randomUUID(),
      name: `${hostname()}:${settings.listen.map(portOf).join(",")}`,
      version: deps.version,
      isStrict: settings.storeStale === "strict",
      startedAtMs: nowMs(),
      leaseMs: settings.storeLease * 1000,
    },
    nodes,
    follower,
    monotonicMs,
    nowMs,
    onLost: (listener) => database.onLost(listener),
    onLease: (problem) => {
      if (problem === undefined) log.info("the lease from the shared store is held");
      else log.warn("the lease from the shared store is not renewed", { problem });
    },
  });
  const store = createStore();

  function createStore(): Store {
    const { rules, accounts } = shared;
    return {
      index,
      accounts,
      rules: {
        get epoch() {
          return index.epoch;
        },
        // What this node knows of: the same number that verifiers are held against.
        seq: async () => index.seq,
        addRule: (...args) => rules.addRule(...args),
        liftRule: (...args) => rules.liftRule(...args),
        getRule: (id) => rules.getRule(id),
        listRules: (query) => rules.listRules(query),
        counts: () => rules.counts(),
        activeRules: () => rules.activeRules(),
        beginImport: (...args) => rules.beginImport(...args),
        changesSince: (...args) => rules.changesSince(...args),
        noteKeysChanged: (what) => rules.noteKeysChanged(what),
        onChange: (listener) => follower.hear({ onChanges: listener, onReset: () => listener([]) }),
        appendAudit: (...args) => rules.appendAudit(...args),
        listAudit: (query) => rules.listAudit(query),
      },
      tidy: async (earliestNowMs = nowMs()) => {
        await follower.between((replica) => replica.tidy(earliestNowMs));
        await shared.tidy(earliestNowMs);
        await nodes.tidy();
      },
      backUp: () =>
        Promise.reject(
          new AppError(
            "conflict",
            "The rules lie in PostgreSQL: back that up with its own tools (pg_dump -n haproxy_jwt, pg_basebackup)",
          ),
        ),
      // Damage in a replica is met by its check; the rules themselves lie elsewhere.
      scrub: () => Promise.resolve({ read: 0, damaged: [], refiled: [] }),
      check: async () => (follower.replica === undefined ? [] : node.check(follower.replica)),
      close: async () => {
        await follower.stop();
        await shared.close();
        node.close();
      },
    };
  }

  const begin = async (): Promise<void> => {
    await follower.open();
    try {
      await within(START_PATIENCE_MS, follower.catchUp());
    } catch (error) {
      if (error instanceof AppError && error.code === "config") {
        throw new ConfigError([{ key: "JWT_STORE", message: error.message }]);
      }
      if (!(error instanceof AppError) || error.code !== "unavailable") throw error;
      log.error("the shared store is not there: started without it", factsOf(error));
    }
  };
  try {
    await begin();
  } catch (error) {
    await store.close();
    throw error;
  }
  return {
    store,
    settings: node.settings,
    node: clusterNode,
    hear: (events) => follower.hear(events),
    figures: () => {
      const { headSeq, seq } = follower.lag();
      return { leaseLeftMs: clusterNode.leaseLeftMs(), behindChanges: Math.max(0, headSeq - seq) };
    },
    confirmation: (registry) =>
      new ClusterConfirmation({
        database,
        nodes,
        nodeId: clusterNode.id,
        verifiers: () => registry.verifiers(),
        monotonicMs,
        nowMs,
      }),
    start: (registry) => {
      follower.poke();
      clusterNode.start(registry);
    },
    catchUp: () => follower.catchUp(),
    stop: () => clusterNode.stop(),
  };
}

/** The store's own words hold no secret. */
function factsOf(error: unknown): LogFacts {
  return error instanceof AppError ? { problem: error.message } : describeError(error);
}

function portOf(listen: Config["settings"]["listen"][number]): string {
  return listen.kind === "tcp" ? String(listen.port) : listen.path;
}

/** What takes longer goes on unseen. @throws AppError unavailable when the time is up */
async function within(patienceMs: number, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new AppError("unavailable", "the shared store takes its time"));
  }, patienceMs);
  work.catch(() => undefined);
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
