/** What is in the store, and how large it is. */
import type { Registry } from "prom-client";
import type { IndexCounts, RuleCounts } from "../core/revocation/store.ts";
import { askedGauge } from "./registered.ts";

export interface StoreFigures {
  readonly ruleCounts: () => Promise<RuleCounts>;
  readonly indexCounts: () => IndexCounts;
  /** The newest number of the journal. */
  readonly newestSeq: () => number;
  /** The database's files that are there, in bytes. */
  readonly databaseBytes: () => readonly { readonly file: string; readonly bytes: number }[];
  readonly freeBytes: () => number;
  readonly sessionCount: () => Promise<number>;
  /** Where this machine is with a store that it shares; undefined where it shares none. */
  readonly shared?: (() => SharedStoreFigures) | undefined;
}

export interface SharedStoreFigures {
  /** Milliseconds that its lease still runs. */
  readonly leaseLeftMs: number;
  /** Changes that it knows of and has not applied yet. */
  readonly behindChanges: number;
}

/** Registers the figures of the store. */
export function registerStoreMetrics(registry: Registry, store: StoreFigures): void {
  askedGauge(
    registry,
    {
      name: "haproxy_jwt_rules",
      help: "Revocation rules by state: active, expired, lifted, unreadable.",
      labelNames: ["state"],
    },
    async () => Object.entries(await store.ruleCounts()).map(([state, n]) => [{ state }, n]),
  );
  askedGauge(
    registry,
    {
      name: "haproxy_jwt_rules_in_force",
      help:
        "Rules that tokens are matched with, by kind: global, global_linear (each costs every token a " +
        "comparison), subject.",
      labelNames: ["kind"],
    },
    () => {
      const { globalRules, globalLinearRules, subjectRules } = store.indexCounts();
      return [
        [{ kind: "global" }, globalRules],
        [{ kind: "global_linear" }, globalLinearRules],
        [{ kind: "subject" }, subjectRules],
      ];
    },
  );
  askedGauge(
    registry,
    {
      name: "haproxy_jwt_changes",
      help: "The newest number of the journal: how many changes the store has seen.",
    },
    () => [[{}, store.newestSeq()]],
  );
  askedGauge(
    registry,
    {
      name: "haproxy_jwt_database_bytes",
      help: "Size of the database's files: db, wal.",
      labelNames: ["file"],
    },
    () => store.databaseBytes().map(({ file, bytes }) => [{ file }, bytes]),
  );
  askedGauge(
    registry,
    {
      name: "haproxy_jwt_data_free_bytes",
      help: "Space left where the data folder is.",
    },
    () => [[{}, store.freeBytes()]],
  );
  askedGauge(
    registry,
    { name: "haproxy_jwt_sessions", help: "People's sessions on the admin page that are alive." },
    async () => [[{}, await store.sessionCount()]],
  );
  const { shared } = store;
  askedGauge(
    registry,
    {
      name: "haproxy_jwt_store_lease_seconds",
      help: "Seconds that this machine's lease from the shared store still runs; only with JWT_STORE.",
    },
    () => (shared === undefined ? [] : [[{}, shared().leaseLeftMs / 1000]]),
  );
  askedGauge(
    registry,
    {
      name: "haproxy_jwt_store_behind_changes",
      help: "Changes of the shared store that this machine has not applied yet; only with JWT_STORE.",
    },
    () => (shared === undefined ? [] : [[{}, shared().behindChanges]]),
  );
}
