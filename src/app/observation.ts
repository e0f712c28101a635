/** Wires logs and metrics to the parts of one server. */
import type { Config } from "../config/load.ts";
import type { VerifierState } from "../core/feed/confirmation.ts";
import { SESSION_LIMITS } from "../http/admin/session-cookie.ts";
import type { HealthCheck } from "../http/health.ts";
import type { ListenOptions } from "../http/listen.ts";
import type { KeySourceState } from "../jwks/key-source.ts";
import { type Log, withFacts } from "../log.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import type { SharedStoreFigures } from "../metrics/store-metrics.ts";
import type { Store } from "../sqlite/open-store.ts";
import * as figures from "./figures.ts";
import { createTraffic, type ListenerName } from "./traffic.ts";

export interface ObservedParts {
  readonly config: Config;
  readonly log: Log;
  readonly version: string;
  readonly store: Store;
  readonly shared?: (() => SharedStoreFigures) | undefined;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly verifiers: () => readonly VerifierState[];
  readonly keySources: () => readonly KeySourceState[];
  readonly ready: () => readonly HealthCheck[];
}

/** What is seen of one server. */
export interface Observation {
  /** Its lines name the request they belong to. */
  readonly log: Log;
  readonly metrics: Metrics;
  readonly follow: (
    listener: ListenerName,
    handle: ListenOptions["handle"],
  ) => ListenOptions["handle"];
  /** Counts a reload of the configuration. */
  readonly reloaded: (isTakenUp: boolean) => void;
  readonly stop: () => void;
}

const LOOP_TICK_MS = 250;

/** Makes the log and the metrics of one server. The parts are asked only when somebody looks. */
export function observe(parts: ObservedParts): Observation {
  const { dataDir } = parts.config.settings;
  const { index, rules, accounts } = parts.store;
  const startedAtSeconds = parts.nowMs() / 1000;
  const answers = figures.countAnswers();
  const delay = figures.watchLoopDelay(LOOP_TICK_MS, parts.monotonicMs);
  const reloads = { ok: 0, failed: 0 };
  const traffic = createTraffic(() => parts.log, answers.note);
  const metrics = createMetrics({
    keySources: () =>
      parts.keySources().map(({ name, fetchedAtSeconds, set }) => ({
        source: name,
        ageSeconds:
          fetchedAtSeconds === undefined ? undefined : parts.nowMs() / 1000 - fetchedAtSeconds,
        keys: set?.keys.length ?? 0,
      })),
    verifiers: parts.verifiers,
    store: {
      ruleCounts: () => rules.counts(),
      indexCounts: () => index.counts(),
      newestSeq: () => index.seq,
      databaseBytes: () => figures.databaseBytes(dataDir),
      freeBytes: () => figures.freeBytes(dataDir),
      sessionCount: () => figures.countSessions(accounts, SESSION_LIMITS),
      shared: parts.shared,
    },
    process: {
      version: parts.version,
      runtime: `bun ${Bun.version}`,
      startedAtSeconds,
      cpuSeconds: figures.cpuSeconds,
      residentBytes: () => process.memoryUsage.rss(),
      openDescriptors: figures.openDescriptors,
      maxDescriptors: figures.maxDescriptors,
      loopDelaySeconds: delay.take,
      checks: () =>
        parts.ready().map(({ name, problem }) => ({ name, isWell: problem === undefined })),
      answered: () => answers.list(),
      reloads: () => reloads,
    },
  });
  return {
    log: withFacts(parts.log, traffic.facts),
    metrics,
    follow: traffic.follow,
    reloaded: (isTakenUp) => {
      reloads[isTakenUp ? "ok" : "failed"] += 1;
    },
    stop: delay.stop,
  };
}
