/** Sources of metrics that have nothing to say. */
import type { MetricSources } from "../../src/metrics.ts";

const none = () => 0;

/** A server of which nothing is known yet. */
export function emptySources(): MetricSources {
  return {
    keySources: () => [],
    verifiers: () => [],
    store: {
      ruleCounts: async () => ({ active: 0, expired: 0, lifted: 0, unreadable: 0 }),
      indexCounts: () => ({
        globalRules: 0,
        globalLinearRules: 0,
        subjectRules: 0,
        unreadableRules: 0,
        cachedSubjects: 0,
        cachedBytes: 0,
      }),
      newestSeq: none,
      databaseBytes: () => [],
      freeBytes: none,
      sessionCount: async () => 0,
    },
    process: {
      version: "",
      runtime: "",
      startedAtSeconds: 0,
      cpuSeconds: none,
      residentBytes: none,
      openDescriptors: none,
      maxDescriptors: none,
      loopDelaySeconds: none,
      checks: () => [],
      answered: () => [],
      reloads: () => ({ ok: 0, failed: 0 }),
    },
  };
}
