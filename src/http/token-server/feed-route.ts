/** `GET /feed`: the long poll by which a verifier learns what to forget, and holds its lease. */
import type { CatchUp, ChangeLog } from "../../core/feed/change-log.ts";
import { HOLD_MS } from "../../core/feed/lease.ts";
import type { PollReport, VerifierRegistry } from "../../core/feed/verifier-registry.ts";
import { problem } from "../problem.ts";
import type { IsVerifier } from "../verifier-key.ts";

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
  readonly onReport: (report: PollReport, counters: PollCounters) => void;
}

/** What a verifier counted since its last answered poll. */
export interface PollCounters {
  readonly hits: number;
  readonly misses: number;
  readonly staleHits: number;
}

interface Held {
  readonly poll: Poll;
  readonly answer: (response: Response) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

interface Poll {
  readonly report: PollReport;
  readonly keys: string | undefined;
  readonly receivedAtMs: number;
  readonly mayHaveLease: boolean;
}

/** The feed of one server: answers polls, and wakes those it holds when something changed. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #held = new Set<Held>();
  #isClosed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Handles one poll; may take as long as a poll is held. */
  poll(request: Request): Response | Promise<Response> {
    const { isVerifier, registry, changes, monotonicMs, onReport, epoch } = this.#options;
    if (!isVerifier(request.headers.get("authorization"))) {
      return problem(401, "The verifier key is needed here");
    }
    const parsed = parsePoll(new URL(request.url).searchParams, epoch(), changes.seq);
    if (parsed === undefined) return problem(422, "The poll's parameters are not right");
    const receivedAtMs = monotonicMs();
    const mayHaveLease = registry.polled(parsed.report);
    onReport(parsed.report, parsed.counters);
    const { report, keys } = parsed;
    const poll: Poll = { report, keys, receivedAtMs, mayHaveLease };
    if (this.#isClosed || this.#hasNews(poll)) return this.#answer(poll);
    return this.#hold(poll, request.signal);
  }

  /** Answers every held poll now: something changed. */
  wake(): void {
    for (const held of this.#held) this.#release(held);
  }

  /** Answers every held poll and holds none any more. */
  close(): void {
    this.#isClosed = true;
    this.wake();
  }

  #hold(poll: Poll, signal: AbortSignal): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const timer = setTimeout(() => this.#release(held), HOLD_MS);
    const held: Held = { poll, answer: resolve, timer };
    this.#held.add(held);
    signal.addEventListener("abort", () => {
      // Nobody listens any more: this poll must not count as answered.
      if (this.#held.delete(held)) resolve(new Response(null, { status: 499 }));
      clearTimeout(timer);
    });
    return promise;
  }

  #release(held: Held): void {
    if (!this.#held.delete(held)) return;
    clearTimeout(held.timer);
    held.answer(this.#answer(held.poll));
  }

  #hasNews(poll: Poll): boolean {
    const { changes, keysFingerprint } = this.#options;
    return poll.report.seq !== changes.seq || poll.keys !== keysFingerprint();
  }

  #answer(poll: Poll): Response {
    const { changes, registry, leaseMs, epoch, keysFingerprint } = this.#options;
    const { seq } = poll.report;
    const catchUp: CatchUp = seq === undefined ? { kind: "reset" } : changes.since(seq);
    const granted = poll.mayHaveLease ? leaseMs(poll.report.staleSeconds) : 0;
    registry.answered(poll.report, poll.receivedAtMs, granted, changes.seq);
    return Response.json({
      epoch: epoch(),
      seq: changes.seq,
      lease: granted / 1000,
      ...toMembers(catchUp),
      keys: keysFingerprint(),
    });
  }
}

function toMembers(catchUp: CatchUp) {
  switch (catchUp.kind) {
    case "nothing":
      return {};
    case "everything":
      return { all: true };
    case "reset":
      return { reset: true };
    case "subjects":
      return { subjects: catchUp.subjects };
  }
}

const MAX_STALE_SECONDS = 86_400;

function parsePoll(params: URLSearchParams, epoch: string, newestSeq: number) {
  const id = params.get("id") ?? "";
  if (!/^[\w.:-]{8,128}$/.test(id)) return undefined;
  const staleSeconds = parseCount(params.get("stale"));
  // Whoever trusts itself for longer than can be waited for is told so, not believed less.
  if (staleSeconds > MAX_STALE_SECONDS) return undefined;
  const isHere = params.get("epoch") === epoch;
  const seqText = params.get("seq");
  const report: PollReport = {
    id,
    name: (params.get("name") ?? id).replace(/[^\w .:@/-]/g, "_").slice(0, 128),
    // Whoever has applied what is yet to come would count as having applied it then.
    seq: isHere && isSeq(seqText) && Number(seqText) <= newestSeq ? Number(seqText) : undefined,
    staleSeconds,
    version: params
      .get("version")
      ?.replace(/[^\w .:~+-]/g, "_")
      .slice(0, 64),
    entries: parseCount(params.get("entries")),
  };
  const counters: PollCounters = {
    hits: parseCount(params.get("hits")),
    misses: parseCount(params.get("misses")),
    staleHits: parseCount(params.get("stale_hits")),
  };
  return { report, counters, keys: params.get("keys") ?? undefined };
}

function isSeq(text: string | null): text is string {
  return text !== null && /^\d{1,15}$/.test(text);
}

/** A count as sent; nonsense is none. */
function parseCount(text: string | null): number {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
