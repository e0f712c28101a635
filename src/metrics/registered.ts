/** Registers gauges and counters whose figures are asked for when somebody looks. */
import { Counter, Gauge, type Registry } from "prom-client";

/** One figure of a metric, under its labels. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** What a metric is called, and what its figures mean. */
export interface MetricName {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

type Ask = () => Iterable<Sample> | Promise<Iterable<Sample>>;

/** A gauge whose figures are asked for anew each time; without figures where they cannot be had. */
export function askedGauge(registry: Registry, metric: MetricName, ask: Ask): void {
  new Gauge({
    ...metric,
    labelNames: [...(metric.labelNames ?? [])],
    registers: [registry],
    async collect() {
      this.reset();
      // Without labels a reset leaves a 0 behind, which nobody measured.
      if (metric.labelNames === undefined) this.remove();
      // One store that cannot be read must not take the other figures away.
      const samples = await Promise.resolve()
        .then(ask)
        .catch(() => []);
      for (const [labels, value] of samples) this.set(labels, value);
    },
  });
}

/** A counter that is counted elsewhere; its figures only ever grow. */
export function askedCounter(registry: Registry, metric: MetricName, ask: Ask): void {
  new Counter({
    ...metric,
    labelNames: [...(metric.labelNames ?? [])],
    registers: [registry],
    async collect() {
      this.reset();
      const samples = await Promise.resolve()
        .then(ask)
        .catch(() => []);
      for (const [labels, value] of samples) this.inc(labels, value);
    },
  });
}
