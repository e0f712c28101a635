/** Who verifies in HAProxy, how far behind, and how long a revocation takes to be in force there. */
import { Histogram, type Registry } from "prom-client";
import { askedGauge } from "./registered.ts";

/** One verifier: a thread of a HAProxy process. */
export interface VerifierFigures {
  readonly id: string;
  readonly name: string;
  /** Whether it may hold a lease. */
  readonly isLive: boolean;
  /** The journal's sequence it has applied; −1: none yet. */
  readonly seq: number;
  readonly silentForMs: number;
  /** Verdicts it remembers now. */
  readonly entries: number;
}

/** Each thread of each reload is a series of its own: beyond this many only the sums are shown. */
const MAX_LISTED = 500;

/** Registers the figures of verifiers; returns what notes how long a change took to one of them. */
export function createVerifierMetrics(
  registry: Registry,
  verifiers: () => readonly VerifierFigures[],
  newestSeq: () => number,
): (latencyMs: number) => void {
  const lagOf = ({ seq }: VerifierFigures) => Math.max(0, newestSeq() - Math.max(0, seq));
  askedGauge(
    registry,
    {
      name: "haproxy_jwt_verifiers",
      help: "Verifiers (threads of HAProxy) that were seen: live = may hold a lease, silent = not.",
      labelNames: ["state"],
    },
    () => {
      const all = verifiers();
      const live = all.filter(({ isLive }) => isLive).length;
      return [
        [{ state: "live" }, live],
        [{ state: "silent" }, all.length - live],
      ];
    },
  );
  const perVerifier = (name: string, help: string, value: (one: VerifierFigures) => number) => {
    const labelNames = ["verifier", "name"];
    askedGauge(registry, { name, help, labelNames }, () =>
      verifiers()
        .filter(({ isLive }) => isLive)
        .slice(0, MAX_LISTED)
        .map((one) => [{ verifier: one.id, name: one.name }, value(one)]),
    );
  };
  perVerifier(
    "haproxy_jwt_verifier_lag_changes",
    "Changes that a live verifier has not reported as applied yet.",
    lagOf,
  );
  perVerifier(
    "haproxy_jwt_verifier_silent_seconds",
    "Seconds since a live verifier last polled.",
    ({ silentForMs }) => silentForMs / 1000,
  );
  perVerifier(
    "haproxy_jwt_verifier_entries",
    "Verdicts that a live verifier remembers.",
    ({ entries }) => entries,
  );
  const latency = new Histogram({
    name: "haproxy_jwt_revocation_seconds",
    help: "From a change being durable to a verifier's report that it is applied, each pair once.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  return (latencyMs) => latency.observe(latencyMs / 1000);
}
