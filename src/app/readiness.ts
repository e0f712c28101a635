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

const PROBE_EVERY_MS = 2000;

/** Makes the checks. The store is probed in the background, at most every two seconds, while somebody asks. */
export function createHealth(sources: ReadinessSources): Health {
  const { leaseProblem } = sources;
  let storeProblem: string | undefined;
  let probedAtMs = Number.NEGATIVE_INFINITY;
  let isProbing = false;

  const probe = async (): Promise<void> => {
    isProbing = true;
    try {
      await sources.probeStore();
      storeProblem = undefined;
    } catch {
      storeProblem = "the store cannot be written";
    } finally {
      probedAtMs = sources.monotonicMs();
      isProbing = false;
    }
  };

  const ready = (): readonly HealthCheck[] => {
    if (!isProbing && sources.monotonicMs() - probedAtMs >= PROBE_EVERY_MS) void probe();
    return [
      { name: "store", problem: storeProblem },
      { name: "rules", problem: sources.ruleProblems()[0] },
      { name: "keys", problem: keyProblem(sources) },
      ...(leaseProblem === undefined ? [] : [{ name: "lease", problem: leaseProblem() }]),
    ];
  };
  return { ready, live: () => [{ name: "process", problem: undefined }] };
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
