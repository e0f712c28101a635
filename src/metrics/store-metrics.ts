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
}
