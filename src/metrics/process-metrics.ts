/** The process itself, in the names that Prometheus' clients share, and how this server was built. */
import type { Registry } from "prom-client";
import { askedCounter, askedGauge } from "./registered.ts";

export interface ProcessFigures {
  readonly version: string;
  readonly runtime: string;
  readonly startedAtSeconds: number;
  readonly cpuSeconds: () => number;
  readonly residentBytes: () => number;
  readonly openDescriptors: () => number;
  readonly maxDescriptors: () => number;
  /** Longest time in seconds that the event loop was late since it was last asked. */
  readonly loopDelaySeconds: () => number;
  /** Each check of readiness, and whether it passes. */
  readonly checks: () => readonly { readonly name: string; readonly isWell: boolean }[];
  /** Requests answered, by listener and status class. */
  readonly answered: () => Iterable<{
    readonly listener: string;
    readonly status: string;
    readonly count: number;
  }>;
  readonly reloads: () => { readonly ok: number; readonly failed: number };
}

/** Registers the figures of the process. */
export function registerProcessMetrics(registry: Registry, figures: ProcessFigures): void {
  const gauge = (name: string, help: string, value: () => number) =>
    askedGauge(registry, { name, help }, () => [[{}, value()]]);
  askedGauge(
    registry,
    {
      name: "haproxy_jwt_build_info",
      help: "Always 1; version and runtime are its labels.",
      labelNames: ["version", "runtime"],
    },
    () => [[{ version: figures.version, runtime: figures.runtime }, 1]],
  );
  askedGauge(
    registry,
    {
      name: "haproxy_jwt_ready",
      help: "1 where a check of readiness passes, 0 where it does not: store, rules, keys.",
      labelNames: ["check"],
    },
    () => figures.checks().map(({ name, isWell }) => [{ check: name }, isWell ? 1 : 0]),
  );
  askedCounter(
    registry,
    {
      name: "haproxy_jwt_http_requests_total",
      help: "Requests answered, by listener (token, admin, control) and class of status.",
      labelNames: ["listener", "status"],
    },
    () =>
      [...figures.answered()].map(({ listener, status, count }) => [{ listener, status }, count]),
  );
  askedCounter(
    registry,
    {
      name: "haproxy_jwt_reloads_total",
      help: "Reloads of the configuration (SIGHUP), by their result: ok or failed.",
      labelNames: ["result"],
    },
    () => Object.entries(figures.reloads()).map(([result, count]) => [{ result }, count]),
  );
  gauge(
    "haproxy_jwt_event_loop_delay_seconds",
    "Longest time that everything had to wait, since the last look.",
    figures.loopDelaySeconds,
  );
  gauge(
    "process_start_time_seconds",
    "Start of the process, Unix time.",
    () => figures.startedAtSeconds,
  );
  askedCounter(
    registry,
    { name: "process_cpu_seconds_total", help: "CPU time used, user and system." },
    () => [[{}, figures.cpuSeconds()]],
  );
  gauge("process_resident_memory_bytes", "Memory in use.", figures.residentBytes);
  gauge("process_open_fds", "Open file descriptors.", figures.openDescriptors);
  gauge("process_max_fds", "Most file descriptors that may be open.", figures.maxDescriptors);
}
