/** A registry of verifiers on a clock that stands until it is moved. */
import type { AppliedOutcome } from "../../../src/core/feed/confirmation.ts";
import { LEASE_MS } from "../../../src/core/feed/lease.ts";
import { type PollReport, VerifierRegistry } from "../../../src/core/feed/verifier-registry.ts";

/** A clock that stands until it is moved, and the timers on it. */
class FakeClock {
  now = 100_000;
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();

  after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { at: this.now + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  get timers(): number {
    return this.#timers.size;
  }

  /** Goes forward step by step, and lets what was woken run in between. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      await settle();
      const due = [...this.#timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at);
      const [next] = due;
      if (next === undefined) break;
      this.now = Math.max(this.now, next.at);
      this.#timers.delete(next);
      next.run();
    }
    this.now = end;
    await settle();
  }
}

export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

export function setUp(quietMs = 0) {
  const clock = new FakeClock();
  const registry = new VerifierRegistry({
    monotonicMs: () => clock.now,
    nowMs: () => 1_700_000_000_000 + clock.now,
    quietUntilMs: clock.now + quietMs,
    after: clock.after,
  });
  const poll = (id: string, seq: number | undefined, told: number, staleSeconds = 0) => {
    const report = reportOf(id, seq, staleSeconds);
    const receivedAtMs = clock.now;
    const mayHaveLease = registry.polled(report);
    registry.answered(report, receivedAtMs, mayHaveLease ? LEASE_MS : 0, told);
    return mayHaveLease;
  };
  /** Starts a wait and says what has come of it so far. */
  const wait = (seq: number, timeoutMs = 10_000) => {
    const state: { outcome?: AppliedOutcome } = {};
    const run = async () => {
      state.outcome = await registry.waitApplied(seq, timeoutMs);
    };
    void run();
    return state;
  };
  return { clock, registry, poll, wait };
}

export function reportOf(id: string, seq: number | undefined, staleSeconds = 0): PollReport {
  return { id, name: `name of ${id}`, seq, staleSeconds, version: "1", entries: 3 };
}
