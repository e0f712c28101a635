/** Works out whether the server can judge rightly, by looking, not by hoping. */
import type { Health, HealthCheck } from "../http/health.ts";
import type { KeySyncer } from "../jwks/key-syncer.ts";

export interface ReadinessSources {
  readonly syncer: () => KeySyncer;
  readonly decryptionKeyCount: () => number;
  /** What the rules say of themselves: an unreadable global rule … */
  readonly ruleProblems: () => readonly string[];
  /** Writes something durable; rejects where it cannot. */
  readonly probeStore: () => Promise<void>;
  /** With a shared store: why this node has no lease from it. */
  readonly leaseProblem?: (() => string | undefined) | undefined;
  readonly monotonicMs: () => number;
}

/** For so long a probe's outcome is taken for the store's state, and its silence for a store that is busy. */
const PROBE_EVERY_MS = 2000;
/** Whoever asks waits for a probe at most this long: those who probe us give up soon. */
const PROBE_WAIT_MS = 500;

/**
 * Makes the checks. The store is probed at most every two seconds, while somebody asks, by one probe for
 * all who ask meanwhile. One that has not answered in time changes nothing yet: what was known counts. It
 * is a problem once it has said nothing for two seconds.
 */
export function createHealth(sources: ReadinessSources): Health {
  const { leaseProblem, monotonicMs } = sources;
  let failure: string | undefined;
  let probedAtMs = Number.NEGATIVE_INFINITY;
  let probing: { readonly sinceMs: number; readonly answered: Promise<void> } | undefined;

  const probe = async (): Promise<void> => {
    try {
      await sources.probeStore();
      failure = undefined;
    } catch {
      failure = "the store cannot be written";
    }
  };
  /** Settles with the newest probe, or when it has been waited for long enough. */
  const refresh = (): Promise<void> => {
    const nowMs = monotonicMs();
    if (probing === undefined && nowMs - probedAtMs >= PROBE_EVERY_MS) {
      const work = probe().finally(() => {
        probedAtMs = monotonicMs();
        probing = undefined;
      });
      probing = { sinceMs: nowMs, answered: within(PROBE_WAIT_MS, work) };
    }
    return probing?.answered ?? Promise.resolve();
  };
  const storeProblem = (): string | undefined => {
    const isSilent = probing !== undefined && monotonicMs() - probing.sinceMs >= PROBE_EVERY_MS;
    return isSilent ? "the store does not answer" : failure;
  };
  const checks = (): readonly HealthCheck[] => [
    { name: "store", problem: storeProblem() },
    { name: "rules", problem: sources.ruleProblems()[0] },
    { name: "keys", problem: keyProblem(sources) },
    ...(leaseProblem === undefined ? [] : [{ name: "lease", problem: leaseProblem() }]),
  ];
  return {
    ready: () => refresh().then(checks),
    known: () => {
      void refresh();
      return checks();
    },
    live: () => [{ name: "process", problem: undefined }],
  };
}

/** Settles with the work, which does not reject, or after the time. */
function within(ms: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  void work.then(() => {
    clearTimeout(timer);
    return resolve();
  });
  return promise;
}

/** Why no token can be valid, as far as keys go; with a source that was not heard yet there is nothing to say. */
export function keyProblemAtStart(sources: KeyCounts): string | undefined {
  const isAsking = sources
    .syncer()
    .states()
    .some(({ set, error }) => set === undefined && error === undefined);
  return isAsking ? undefined : keyProblem(sources);
}

type KeyCounts = Pick<ReadinessSources, "syncer" | "decryptionKeyCount">;

function keyProblem(sources: KeyCounts): string | undefined {
  const syncer = sources.syncer();
  if (syncer.ring().keys.length > 0 || sources.decryptionKeyCount() > 0) return undefined;
  const states = syncer.states();
  if (states.length === 0) return "no key source is configured";
  const failed = states.find(({ error }) => error !== undefined);
  return failed === undefined
    ? "no source has given a usable key"
    : `${failed.name}: ${failed.error ?? ""}`;
}
