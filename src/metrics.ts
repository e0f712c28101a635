/** The figures that `/metrics` shows, by their names; who counts what stands where it happens. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Verdict } from "./core/token/verdict.ts";
import { reasonOf, type Detail } from "./core/token/reason.ts";

export interface Metrics {
  readonly observeVerdict: (verdict: Verdict, seconds: number) => void;
  readonly observeSync: (source: string, isFailed: boolean) => void;
  /** The text format of Prometheus. */
  readonly text: () => Promise<string>;
}

/** What is asked when somebody looks. */
export interface MetricSources {
  readonly version: string;
  readonly keyAges: () => readonly {
    readonly source: string;
    readonly ageSeconds: number;
    readonly keys: number;
  }[];
}

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const verdicts = new Map<Detail | "", number>();
  new Counter({
    name: "haproxy_jwt_verdicts_total",
    help: "Tokens judged by the token-server, by reason and detail.",
    labelNames: ["reason", "detail"],
    registers,
    // Counted in a Map, because a labelled counter costs a tenth of a judgement.
    collect() {
      this.reset();
      for (const [detail, count] of verdicts) {
        this.inc({ reason: detail === "" ? "ok" : reasonOf(detail), detail }, count);
      }
    },
  });
  const judging = new Histogram({
    name: "haproxy_jwt_judge_seconds",
    help: "Time to judge one token, from its bytes to its verdict.",
    buckets: [0.000_02, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5],
    registers,
  });
  const syncFailures = new Counter({
    name: "haproxy_jwt_key_sync_failures_total",
    help: "Readings of a key source that failed.",
    labelNames: ["source"],
    registers,
  });
  new Gauge({
    name: "haproxy_jwt_key_age_seconds",
    help: "Seconds since a key source last said that its keys hold.",
    labelNames: ["source"],
    registers,
    collect() {
      this.reset();
      for (const { source, ageSeconds } of sources.keyAges()) this.set({ source }, ageSeconds);
    },
  });
  new Gauge({
    name: "haproxy_jwt_keys",
    help: "Verification keys in force, by source.",
    labelNames: ["source"],
    registers,
    collect() {
      this.reset();
      for (const { source, keys } of sources.keyAges()) this.set({ source }, keys);
    },
  });
  new Gauge({
    name: "haproxy_jwt_build_info",
    help: "Always 1; the version is its label.",
    labelNames: ["version"],
    registers,
  }).set({ version: sources.version }, 1);
  return {
    observeVerdict(verdict, seconds) {
      const detail = verdict.isValid ? "" : verdict.detail;
      verdicts.set(detail, (verdicts.get(detail) ?? 0) + 1);
      judging.observe(seconds);
    },
    observeSync(source, isFailed) {
      syncFailures.inc({ source }, isFailed ? 1 : 0);
    },
    text: () => registry.metrics(),
  };
}
