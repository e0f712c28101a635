/** Wires what makes a change enforced everywhere: who verifies, what changed, the feed, and what is on record. */
import { ChangeLog } from "../core/feed/change-log.ts";
import { fencedAtMs, LEASE_MS } from "../core/feed/lease.ts";
import { TrustRecord } from "../core/feed/trust-record.ts";
import { VerifierRegistry } from "../core/feed/verifier-registry.ts";
import { Feed } from "../http/token-server/feed-route.ts";
import type { JudgeRouteOptions } from "../http/token-server/judge-route.ts";
import type { IsVerifier } from "../http/verifier-key.ts";
import type { Metrics } from "../metrics.ts";
import type { Store } from "../sqlite/open-store.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { WorkerPool } from "./workers/pool.ts";

export interface EnforcementParts {
  readonly store: Store;
  /** Raises a number that only grows, durably: the longest trust that was ever granted. */
  readonly raise: (name: string, atLeast: number) => Promise<number>;
  /** With a shared store: the lease that may be granted now, and what is heard of its history. */
  readonly cluster: Cluster | undefined;
  readonly metrics: Metrics;
  /** Told how many verdicts a verifier has answered from its memory since it was last heard. */
  readonly onRemembered: (count: number) => void;
  readonly isVerifier: IsVerifier;
  readonly keysFingerprint: () => string;
  /** The judging threads beside this one, if any. */
  readonly pool: () => Pick<WorkerPool, "changed" | "rememberedUntilMs"> | undefined;
  readonly monotonicMs: () => number;
  readonly nowMs: () => number;
}

export interface Enforcement {
  readonly registry: VerifierRegistry;
  readonly feed: Feed;
  /**
   * Notes that somebody without a lease remembers a verdict, and what it was judged at; settles once so
   * long a memory is on record, undefined where it is.
   */
  readonly noteMemory: JudgeRouteOptions["noteMemory"];
  readonly stop: () => void;
}

export async function createEnforcement(parts: EnforcementParts): Promise<Enforcement> {
  const { store, metrics, pool, cluster, monotonicMs, nowMs } = parts;
  const { index, rules } = store;
  const { record, formerMs } = await TrustRecord.open({ raise: parts.raise }, LEASE_MS);
  const registry = new VerifierRegistry({
    monotonicMs,
    nowMs,
    quietUntilMs: fencedAtMs(monotonicMs(), formerMs, 0),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    onApplied: metrics.observeApplied,
    rememberedUntilMs: (seq) => pool()?.rememberedUntilMs(seq) ?? 0,
  });
  const changes = new ChangeLog(index.seq);
  const feed = new Feed({
    isVerifier: parts.isVerifier,
    registry,
    changes,
    epoch: () => index.epoch,
    keysFingerprint: parts.keysFingerprint,
    leaseMs: (staleSeconds) => {
      if (!record.allows(LEASE_MS + staleSeconds * 1000)) return 0;
      return cluster === undefined ? LEASE_MS : cluster.node.grantMs(LEASE_MS);
    },
    monotonicMs,
    onReport: (_, counters) => {
      metrics.observeCache(counters);
      parts.onRemembered(counters.hits + counters.staleHits);
    },
  });
  // Before anybody else hears of it: no poll may be answered by numbers of the former history.
  const stopResets = cluster?.hear({
    onChanges: () => undefined,
    onReset: () => {
      registry.restart();
      changes.restart(index.seq);
      feed.wake();
    },
  });
  const stopListening = rules.onChange((committed) => {
    const fresh = committed.map(({ seq, scope, subject }) => ({
      seq,
      subject: scope === "subject" ? subject : undefined,
    }));
    // First of all: from here on no judging thread answers by what it knew before.
    pool()?.changed(index.seq);
    for (const { seq } of fresh) registry.changed(seq);
    changes.append(fresh);
    feed.wake();
  });
  return {
    registry,
    feed,
    noteMemory: (ttlSeconds, { seq, epoch }) => {
      const note = (): void => {
        // Judged in a former history it is older than every change of this one, whatever their numbers are.
        registry.answeredWithoutLease(ttlSeconds, epoch === index.epoch ? seq : -1);
      };
      if (!record.allows(ttlSeconds * 1000)) return record.ensure(ttlSeconds * 1000).then(note);
      note();
      return undefined;
    },
    stop: () => {
      stopListening();
      stopResets?.();
    },
  };
}
