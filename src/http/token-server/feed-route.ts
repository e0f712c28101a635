/**
 * `GET /feed`: the long poll by which a verifier learns what to forget, and holds its lease. Who gives no name
 * for itself is shown where the store is, and no more.
 */
import type { CatchUp, ChangeLog } from "../../core/feed/change-log.ts";
import { HOLD_MS } from "../../core/feed/lease.ts";
import { subjectTag } from "../../core/feed/subject-tag.ts";
import type { PollReport, VerifierRegistry } from "../../core/feed/verifier-registry.ts";
import { problem } from "../problem.ts";
import type { IsVerifier } from "../verifier-key.ts";
import { parsePoll, type PollTotals } from "./poll.ts";
import { toVerifier } from "./to-verifier.ts";

export const FEED_TYPE = "application/vnd.haproxy-jwt.feed+json";

export interface FeedOptions {
  readonly isVerifier: IsVerifier;
  readonly registry: VerifierRegistry;
  readonly changes: ChangeLog;
  readonly epoch: () => string;
  /** Opaque; another one tells verifiers to read their own keys again. */
  readonly keysFingerprint: () => string;
  /**
   * The lease that may be granted now, in milliseconds, to one who goes on for a time after it; 0:
   * none, because this server may not judge, or so long a trust is not on record yet.
   */
  readonly leaseMs: (staleSeconds: number) => number;
  readonly monotonicMs: () => number;
  readonly onReport: (report: PollReport, counters: PollTotals) => void;
}

interface Held {
  readonly poll: Poll;
  readonly answer: (response: Response) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

interface Poll {
  readonly report: PollReport;
  /** The history that its sequence is of: it may be another one by the time of the answer. */
  readonly epoch: string;
  readonly receivedAtMs: number;
}

/** The feed of one server: answers polls, and wakes those it holds when something changed. */
export class Feed {
  readonly #options: FeedOptions;
  /** By verifier: one poll each, the newest. */
  readonly #held = new Map<string, Held>();
  /** By verifier: the key fingerprint and the counts of its last poll. */
  readonly #known = new Map<string, { keys: string | undefined; totals: PollTotals }>();
  #isClosed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Handles one poll; may take as long as a poll is held. */
  poll(request: Request): Response | Promise<Response> {
    const { isVerifier, registry, changes, monotonicMs, leaseMs, epoch } = this.#options;
    if (!isVerifier(request.headers.get("authorization"))) {
      return problem(401, "The verifier key is needed here");
    }
    if (!request.headers.has("x-jwt-verifier")) return this.#show();
    const receivedAtMs = monotonicMs();
    const current = epoch();
    const parsed = parsePoll(request.headers, current, changes.seq);
    if (parsed === undefined) return problem(422, "The poll's headers are not right");
    const { report, totals } = parsed;
    const older = this.#held.get(report.id);
    if (older !== undefined) this.#drop(older);
    const canGrant = leaseMs(report.staleSeconds) > 0;
    // A newcomer that is granted nothing trusts nothing, and may come under another name each time.
    if (!canGrant && !registry.isWatched(report.id)) return noLease();
    const mayHaveLease = registry.polled(report);
    this.#count(report, totals);
    if (!mayHaveLease || !canGrant) return noLease();
    const poll: Poll = { report, receivedAtMs, epoch: current };
    if (this.#isClosed || this.#hasNews(poll)) return this.#answer(poll);
    return this.#hold(poll, request.signal);
  }

  /** Answers every held poll now: something changed. */
  wake(): void {
    for (const held of this.#held.values()) this.#release(held);
  }

  /** Answers every held poll and holds none any more. */
  close(): void {
    this.#isClosed = true;
    this.wake();
  }

  /** For a person or program that looks on: where the store is now. It is nobody that a change waits for. */
  #show(): Response {
    const { changes, epoch, keysFingerprint } = this.#options;
    const body = { epoch: epoch(), seq: changes.seq, lease: 0, keys: keysFingerprint() };
    return toVerifier(FEED_TYPE, JSON.stringify(body));
  }

  #hold(poll: Poll, signal: AbortSignal): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const timer = setTimeout(() => this.#release(held), HOLD_MS);
    const held: Held = { poll, answer: resolve, timer };
    this.#held.set(poll.report.id, held);
    // Nobody listens any more: this poll must not count as answered.
    signal.addEventListener("abort", () => this.#drop(held));
    return promise;
  }

  /** Ends a held poll that nobody waits for; its sender gets no lease from it. */
  #drop(held: Held): void {
    if (!this.#remove(held)) return;
    held.answer(problem(503, "A newer poll took this one's place"));
  }

  #release(held: Held): void {
    if (this.#remove(held)) held.answer(this.#answer(held.poll));
  }

  #remove(held: Held): boolean {
    clearTimeout(held.timer);
    const { id } = held.poll.report;
    return this.#held.get(id) === held && this.#held.delete(id);
  }

  #hasNews({ report }: Poll): boolean {
    const { changes, keysFingerprint } = this.#options;
    return report.seq !== changes.seq || this.#known.get(report.id)?.keys !== keysFingerprint();
  }

  #answer({ report, receivedAtMs, epoch: polledIn }: Poll): Response {
    const { changes, registry, leaseMs, epoch, keysFingerprint } = this.#options;
    const granted = leaseMs(report.staleSeconds);
    if (granted === 0) return noLease();
    const seq = polledIn === epoch() ? report.seq : undefined;
    const catchUp: CatchUp = seq === undefined ? { kind: "reset" } : changes.since(seq);
    registry.answered(report, receivedAtMs, granted, changes.seq);
    const keys = keysFingerprint();
    const known = this.#known.get(report.id);
    if (known !== undefined) known.keys = keys;
    const body = {
      epoch: epoch(),
      seq: changes.seq,
      lease: granted / 1000,
      hold: HOLD_MS / 1000,
      ...toMembers(catchUp, epoch()),
      keys,
    };
    return toVerifier(FEED_TYPE, JSON.stringify(body));
  }

  /** Makes counts since the verifier began into counts since its last poll. */
  #count(report: PollReport, totals: PollTotals): void {
    const known = this.#known.get(report.id);
    // One that listened to this server before that was started anew has told it of the rest then.
    const unknown = report.seq === undefined ? NO_TOTALS : totals;
    const before = known?.totals ?? unknown;
    this.#options.onReport(report, {
      hits: Math.max(0, totals.hits - before.hits),
      misses: Math.max(0, totals.misses - before.misses),
      staleHits: Math.max(0, totals.staleHits - before.staleHits),
    });
    // Moved to the end, so that the first are those not heard of for longest.
    this.#known.delete(report.id);
    this.#known.set(report.id, { keys: known?.keys, totals });
    for (const id of this.#known.keys()) {
      if (this.#known.size <= MAX_KNOWN) break;
      this.#known.delete(id);
    }
  }
}

function noLease(): Response {
  return problem(503, "No lease can be granted now");
}

const NO_TOTALS: PollTotals = { hits: 0, misses: 0, staleHits: 0 };

/** As many verifiers as are watched. */
const MAX_KNOWN = 20_000;

function toMembers(catchUp: CatchUp, epoch: string) {
  switch (catchUp.kind) {
    case "nothing":
      return {};
    case "everything":
    case "reset":
      return { reset: true };
    case "subjects":
      return { tags: catchUp.subjects.map((subject) => subjectTag(epoch, subject)) };
  }
}
