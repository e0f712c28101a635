/** How old each source's keys are, how many there are, and how reading them went. */
import { Counter, type Registry } from "prom-client";
import { askedGauge } from "./registered.ts";

/** One key source as it stands. */
export interface KeySourceFigures {
  /** Its name, without anything secret in it. */
  readonly source: string;
  /** Seconds since it last said that its keys hold; undefined: it never did. */
  readonly ageSeconds: number | undefined;
  /** Keys of it that are in force. */
  readonly keys: number;
}

/** Registers the figures of key sources; returns what counts a reading. */
export function createKeyMetrics(
  registry: Registry,
  keySources: () => readonly KeySourceFigures[],
): (source: string, isFailed: boolean) => void {
  askedGauge(
    registry,
    {
      name: "haproxy_jwt_key_age_seconds",
      help: "Seconds since a key source last said that its keys hold; absent: it never did.",
      labelNames: ["source"],
    },
    () =>
      keySources().flatMap(({ source, ageSeconds }) =>
        ageSeconds === undefined ? [] : [[{ source }, ageSeconds] as const],
      ),
  );
  askedGauge(
    registry,
    {
      name: "haproxy_jwt_keys",
      help: "Verification keys in force, by source.",
      labelNames: ["source"],
    },
    () => keySources().map(({ source, keys }) => [{ source }, keys]),
  );
  const syncs = new Counter({
    name: "haproxy_jwt_key_syncs_total",
    help: "Readings of a key source, by their result: ok or failed.",
    labelNames: ["source", "result"],
    registers: [registry],
  });
  return (source, isFailed) => {
    for (const result of ["ok", "failed"] as const) {
      syncs.inc({ source, result }, (result === "failed") === isFailed ? 1 : 0);
    }
  };
}
