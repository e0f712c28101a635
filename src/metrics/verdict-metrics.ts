/** What was judged, how, and how long it took; also what HAProxy's side answered from its own memory. */
import { Histogram, type Registry } from "prom-client";
import { reasonOf, type Detail } from "../core/token/reason.ts";
import type { Verdict } from "../core/token/verdict.ts";
import { askedCounter, type Sample } from "./registered.ts";

/**
 * Which way a token took: `server` verified its signature here, `haproxy` there, `jwe` was decrypted
 * first.
 */
export type JudgingPath = "server" | "haproxy" | "jwe";

/** What one verifier counted since it last said so. */
export interface CacheCounts {
  readonly hits: number;
  readonly misses: number;
  readonly staleHits: number;
}

export interface VerdictMetrics {
  readonly observeVerdict: (verdict: Verdict, seconds: number, path: JudgingPath) => void;
  /** As many at once, as a judging thread reports them, with the seconds they took together. */
  readonly observeVerdicts: (
    detail: Detail | "",
    path: JudgingPath,
    count: number,
    seconds: number,
  ) => void;
  readonly observeCache: (counts: CacheCounts) => void;
}

/** Registers the figures of judging. */
export function createVerdictMetrics(registry: Registry): VerdictMetrics {
  // Counted in Maps, because a labelled counter costs a tenth of a judgement.
  const verdicts = new Map<JudgingPath, Map<Detail | "", number>>();
  const cache = { hits: 0, misses: 0, staleHits: 0 };
  askedCounter(
    registry,
    {
      name: "haproxy_jwt_verdicts_total",
      help:
        "Tokens judged by the token-server, by reason, detail (empty: ok) and path: server = signature " +
        "verified here, haproxy = verified there, jwe = decrypted.",
      labelNames: ["reason", "detail", "path"],
    },
    () => toSamples(verdicts),
  );
  askedCounter(
    registry,
    {
      name: "haproxy_jwt_verifier_cache_total",
      help:
        "Requests answered in HAProxy, as the verifiers report: hit = from memory, miss = asked for, " +
        "stale = from memory while no server could be reached.",
      labelNames: ["result"],
    },
    () => [
      [{ result: "hit" }, cache.hits],
      [{ result: "miss" }, cache.misses],
      [{ result: "stale" }, cache.staleHits],
    ],
  );
  const judging = new Histogram({
    name: "haproxy_jwt_judge_seconds",
    help: "Time to judge one token, from its bytes to its verdict.",
    buckets: [0.000_02, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 0.5],
    registers: [registry],
  });
  const count = (detail: Detail | "", path: JudgingPath, times: number): void => {
    const known = verdicts.get(path);
    const counts = known ?? new Map<Detail | "", number>();
    if (known === undefined) verdicts.set(path, counts);
    counts.set(detail, (counts.get(detail) ?? 0) + times);
  };
  return {
    observeVerdict(verdict, seconds, path) {
      count(verdict.isValid ? "" : verdict.detail, path, 1);
      judging.observe(seconds);
    },
    observeVerdicts(detail, path, times, seconds) {
      count(detail, path, times);
      for (let i = 0; i < times; i += 1) judging.observe(seconds / times);
    },
    observeCache({ hits, misses, staleHits }) {
      cache.hits += hits;
      cache.misses += misses;
      cache.staleHits += staleHits;
    },
  };
}

function* toSamples(
  verdicts: ReadonlyMap<JudgingPath, ReadonlyMap<Detail | "", number>>,
): Iterable<Sample> {
  for (const [path, counts] of verdicts) {
    for (const [detail, count] of counts) {
      yield [{ reason: detail === "" ? "ok" : reasonOf(detail), detail, path }, count];
    }
  }
}
