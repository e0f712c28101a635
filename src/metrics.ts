/** The figures that `/metrics` shows: brings their groups together; who counts what stands where it happens. */
import { Registry } from "prom-client";
import { createKeyMetrics, type KeySourceFigures } from "./metrics/key-metrics.ts";
import { type ProcessFigures, registerProcessMetrics } from "./metrics/process-metrics.ts";
import { registerStoreMetrics, type StoreFigures } from "./metrics/store-metrics.ts";
import { createVerdictMetrics, type VerdictMetrics } from "./metrics/verdict-metrics.ts";
import { createVerifierMetrics, type VerifierFigures } from "./metrics/verifier-metrics.ts";

export interface Metrics extends VerdictMetrics {
  readonly observeSync: (source: string, isFailed: boolean) => void;
  /** A change that one verifier has reported as applied. */
  readonly observeApplied: (latencyMs: number) => void;
  /** The text format of Prometheus, version 0.0.4. */
  readonly text: () => Promise<string>;
  /** Every metric's name, type, meaning and labels: what the README's table is made from. */
  readonly describe: () => readonly MetricDescription[];
}

export interface MetricDescription {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** What is asked when somebody looks. */
export interface MetricSources {
  readonly keySources: () => readonly KeySourceFigures[];
  readonly verifiers: () => readonly VerifierFigures[];
  readonly store: StoreFigures;
  readonly process: ProcessFigures;
}

/** Makes the metrics of one server. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const { newestSeq } = sources.store;
  const verdicts = createVerdictMetrics(registry);
  const observeSync = createKeyMetrics(registry, sources.keySources);
  const observeApplied = createVerifierMetrics(registry, sources.verifiers, newestSeq);
  registerStoreMetrics(registry, sources.store);
  registerProcessMetrics(registry, sources.process);
  return {
    ...verdicts,
    observeSync,
    observeApplied,
    text: () => registry.metrics(),
    describe: () =>
      registry.getMetricsAsArray().map((metric) => ({
        name: metric.name,
        type: String(metric.type),
        help: metric.help,
        labels: labelsOf(metric),
      })),
  };
}

/** prom-client keeps the names and does not declare that it does. */
function labelsOf(metric: object): readonly string[] {
  const names: unknown = "labelNames" in metric ? metric.labelNames : [];
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}
