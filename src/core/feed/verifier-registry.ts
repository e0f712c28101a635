/**
 * Who verifies tokens, what each has applied, and until when each may trust what it remembers: the
 * ground on which "enforced everywhere" is said.
 */
import { ChangeTimes } from "./change-times.ts";
import type {
  AppliedOutcome,
  Confirmation,
  ConfirmedVerifier,
  VerifierState,
} from "./confirmation.ts";
import { fencedAtMs } from "./lease.ts";
import { ReportTimes } from "./report-times.ts";
import { UnleasedMemory } from "./unleased-memory.ts";

/** What a poll says of its sender. */
export interface PollReport {
  readonly id: string;
  /** A label for people. */
  readonly name: string;
  /** The sequence it has applied, of the store's present epoch; undefined: nothing yet. */
  readonly seq: number | undefined;
  /** Seconds that it goes on after its lease while no server can be reached; 0 = strict. */
  readonly staleSeconds: number;
  readonly version: string | undefined;
  readonly entries: number;
}

export interface RegistryOptions {
  /** A clock that never goes back, in milliseconds. */
  readonly monotonicMs: () => number;
  /** Unix time in milliseconds, for people to read. */
  readonly nowMs: () => number;
  /**
   * Verifiers of a former life of this server may trust their leases until this moment of the
   * monotonic clock: nothing is confirmed before.
   */
  readonly quietUntilMs: number;
  /** Until when verdicts that other threads judged before a sequence may be remembered; 0: nowhere. */
  readonly rememberedUntilMs?: (seq: number) => number;
  /** Runs a function after a delay; returns how to cancel. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  /** Told, for each change and verifier, how long it took to be reported as applied. */
  readonly onApplied?: (latencyMs: number) => void;
}

interface Verifier {
  readonly id: string;
  report: PollReport;
  appliedSeq: number;
  seenAtMs: number;
  seenAtWallMs: number;
  /** Undefined until a poll of it was answered with a lease. */
  fencedAtMs: number | undefined;
  /** The newest sequence that an answer told it. */
  toldSeq: number;
  /** Polls in a row that reported less than it was told. */
  laggingPolls: number;
  readonly reports: ReportTimes;
  lastLatencyMs: number | undefined;
}

/** A verifier that is fenced and silent for this long is no longer listed. */
const FORGET_AFTER_MS = 10 * 60_000;
/** A flood of made-up identities by somebody with the key is still bounded. */
const MAX_VERIFIERS = 20_000;
const MAX_LAGGING_POLLS = 5;
/** Listed beside the verifiers while a confirmation waits for them. */
const FORMER: ConfirmedVerifier = {
  id: "former",
  name: "whoever verified before this server's start",
  state: "pending",
};
const UNLEASED: ConfirmedVerifier = {
  id: "unleased",
  name: "a HAProxy without the verifier key",
  state: "pending",
};

export class VerifierRegistry implements Confirmation {
  readonly #options: RegistryOptions;
  readonly #verifiers = new Map<string, Verifier>();
  readonly #changes = new ChangeTimes();
  readonly #waiters = new Set<() => void>();
  readonly #unleased = new UnleasedMemory();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Whether a verifier was granted a lease here, or could have been, not long ago. */
  isWatched(id: string): boolean {
    return this.#verifiers.has(id);
  }

  /**
   * Notes a poll. What it reports as applied is final: it has forgotten everything older.
   *
   * @returns whether it may be granted a lease: it is watched, and does what it is told. An answer can
   *   get lost, but one that keeps polling and does not catch up is fenced off.
   */
  polled(report: PollReport): boolean {
    const now = this.#options.monotonicMs();
    const known = this.#verifiers.get(report.id) ?? this.#enrol(report, now);
    if (known === undefined) return false;
    known.report = report;
    known.seenAtMs = now;
    known.seenAtWallMs = this.#options.nowMs();
    if (report.seq !== undefined && report.seq > known.appliedSeq) {
      this.#time(known.appliedSeq, report.seq, now);
      known.appliedSeq = report.seq;
      known.reports.reported(report.seq, now);
      const changedAt = this.#changes.madeAtMs(report.seq);
      if (changedAt !== undefined) known.lastLatencyMs = now - changedAt;
      this.#wake();
    }
    const isLagging = (report.seq ?? -1) < known.toldSeq;
    known.laggingPolls = isLagging ? known.laggingPolls + 1 : 0;
    if (known.laggingPolls <= MAX_LAGGING_POLLS) return true;
    // Once it is fenced it trusts nothing, and may begin anew: its answers may all have got lost.
    if (known.fencedAtMs !== undefined && now < known.fencedAtMs) return false;
    known.toldSeq = -1;
    known.laggingPolls = 0;
    return true;
  }

  /**
   * Notes that a poll received at a moment is being answered: its sender's lease may run from then.
   *
   * @param report that poll's own: a later one may say less of how long its sender trusts itself
   */
  answered(
    report: Pick<PollReport, "id" | "staleSeconds">,
    receivedAtMs: number,
    leaseMs: number,
    toldSeq: number,
  ): void {
    const known = this.#verifiers.get(report.id);
    if (known === undefined) return;
    known.toldSeq = toldSeq;
    if (leaseMs === 0) return;
    const fenced = fencedAtMs(receivedAtMs, leaseMs, report.staleSeconds);
    known.fencedAtMs = Math.max(known.fencedAtMs ?? 0, fenced);
  }

  /** Notes that a verdict, judged at a sequence, went to somebody without a lease who remembers it. */
  answeredWithoutLease(ttlSeconds: number, judgedSeq: number): void {
    this.#unleased.note(judgedSeq, ttlSeconds, this.#options.monotonicMs());
  }

  /** Notes when a change was made, so that its way to each verifier can be timed. */
  changed(seq: number): void {
    this.#changes.made(seq, this.#options.monotonicMs());
  }

  /**
   * Another history has begun: what verifiers reported of the former one means nothing in it, and
   * what they may remember of it counts as older than anything.
   */
  restart(): void {
    for (const one of this.#verifiers.values()) {
      one.appliedSeq = -1;
      one.toldSeq = -1;
      one.laggingPolls = 0;
      one.reports.clear();
      one.lastLatencyMs = undefined;
    }
    this.#changes.clear();
    this.#unleased.restart();
    this.#wake();
  }

  /**
   * The newest change up to which nobody who asks here accepts what a change refuses; −1 while
   * nothing can be said.
   *
   * @param newestSeq what is in force here
   */
  confirmedSeq(newestSeq: number): number {
    const now = this.#options.monotonicMs();
    const { quietUntilMs, rememberedUntilMs } = this.#options;
    if (now < quietUntilMs || now < (rememberedUntilMs?.(newestSeq) ?? 0)) return -1;
    let confirmed = this.#unleased.confirmedSeq(newestSeq, now);
    for (const { appliedSeq, fencedAtMs } of this.#verifiers.values())
      if (fencedAtMs !== undefined && now < fencedAtMs) confirmed = Math.min(confirmed, appliedSeq);
    return confirmed;
  }

  verifiers(): readonly VerifierState[] {
    const now = this.#options.monotonicMs();
    this.#forget(now);
    return [...this.#verifiers.values()].map((one) => ({
      id: one.id,
      name: one.report.name,
      seq: one.appliedSeq,
      isLive: one.fencedAtMs !== undefined && now < one.fencedAtMs,
      lastContactMs: one.seenAtWallMs,
      silentForMs: now - one.seenAtMs,
      staleSeconds: one.report.staleSeconds,
      version: one.report.version,
      entries: one.report.entries,
      lastLatencyMs: one.lastLatencyMs,
    }));
  }

  /**
   * Waits until nobody can accept a token by what was known before a change: every verifier has
   * reported it applied, or may trust nothing it remembers; and so with verifiers that hold no lease.
   */
  async waitApplied(seq: number, timeoutMs: number): Promise<AppliedOutcome> {
    const { monotonicMs, after } = this.#options;
    const deadline = monotonicMs() + timeoutMs;
    for (;;) {
      const now = monotonicMs();
      const openUntil = this.#openUntil(seq);
      const applied = openUntil <= now;
      // The list only for the answer: every report wakes all that wait.
      if (applied || now >= deadline) return { applied, verifiers: this.#confirmed(seq, now) };
      const woken = Promise.withResolvers<void>();
      this.#waiters.add(woken.resolve);
      const cancel = after(Math.ceil(Math.min(openUntil, deadline) - now), woken.resolve);
      // oxlint-disable-next-line no-await-in-loop -- each turn waits for the next thing to happen
      await woken.promise;
      cancel();
      this.#waiters.delete(woken.resolve);
    }
  }

  /** The moment by which, if nobody reports anything, all are fenced for a change. */
  #openUntil(seq: number): number {
    let until = Math.max(this.#options.quietUntilMs, this.#rememberedUntilMs(seq));
    for (const one of this.#verifiers.values()) {
      if (one.appliedSeq < seq && one.fencedAtMs !== undefined)
        until = Math.max(until, one.fencedAtMs);
    }
    return until;
  }

  /** When the last verdict from before a change is forgotten by those without a lease. */
  #rememberedUntilMs(seq: number): number {
    return Math.max(this.#unleased.forgottenAtMs(seq), this.#options.rememberedUntilMs?.(seq) ?? 0);
  }

  #confirmed(seq: number, now: number): readonly ConfirmedVerifier[] {
    const found: ConfirmedVerifier[] = [];
    const changedAt = this.#changes.madeAtMs(seq);
    for (const one of this.#verifiers.values()) {
      const { id, report } = one;
      if (one.appliedSeq >= seq) {
        const reportedAt = one.reports.firstAtMs(seq);
        const isTimed = changedAt !== undefined && reportedAt !== undefined;
        found.push({
          id,
          name: report.name,
          state: "applied",
          ...(isTimed ? { ms: reportedAt - changedAt } : {}),
        });
      } else if (one.fencedAtMs !== undefined) {
        const isFenced = one.fencedAtMs <= now;
        const open = report.staleSeconds > 0 ? "unconfirmed" : "pending";
        found.push({ id, name: report.name, state: isFenced ? "fenced" : open });
      }
    }
    return [...found, ...this.#unnamed(seq, now)];
  }

  /** Those that are waited for and have no name here. */
  #unnamed(seq: number, now: number): readonly ConfirmedVerifier[] {
    const isQuiet = now < this.#options.quietUntilMs;
    const isRemembered = now < this.#rememberedUntilMs(seq);
    return [...(isQuiet ? [FORMER] : []), ...(isRemembered ? [UNLEASED] : [])];
  }

  /** A verifier that has just come has nothing of before it to forget: only what it was told of counts. */
  #time(fromSeq: number, toSeq: number, now: number): void {
    const { onApplied } = this.#options;
    if (onApplied === undefined || fromSeq < 0) return;
    for (const ageMs of this.#changes.agesMs(fromSeq, toSeq, now)) onApplied(ageMs);
  }

  #enrol(report: PollReport, now: number): Verifier | undefined {
    if (this.#verifiers.size >= MAX_VERIFIERS) this.#forget(now);
    if (this.#verifiers.size >= MAX_VERIFIERS) return undefined;
    const verifier: Verifier = {
      id: report.id,
      report,
      appliedSeq: -1,
      seenAtMs: now,
      seenAtWallMs: this.#options.nowMs(),
      fencedAtMs: undefined,
      toldSeq: -1,
      laggingPolls: 0,
      reports: new ReportTimes(),
      lastLatencyMs: undefined,
    };
    this.#verifiers.set(report.id, verifier);
    return verifier;
  }

  #forget(now: number): void {
    for (const [id, one] of this.#verifiers) {
      const isFenced = one.fencedAtMs === undefined || one.fencedAtMs <= now;
      if (isFenced && now - one.seenAtMs > FORGET_AFTER_MS) this.#verifiers.delete(id);
    }
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
  }
}
