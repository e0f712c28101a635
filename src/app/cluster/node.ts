/**
 * What a node does as one of several: holds a lease in the shared store, reports what is enforced by
 * all who ask it, and says whether it may judge.
 */
import { AppError } from "../../core/app-error.ts";
import { NodeLease } from "../../core/cluster/node-lease.ts";
import type { VerifierRegistry } from "../../core/feed/verifier-registry.ts";
import type { Head } from "../../postgres/journal.ts";
import type { NodeIdentity, NodeReport, Nodes } from "../../postgres/nodes.ts";
import type { Follower } from "./follower.ts";

export interface NodeParts {
  readonly identity: NodeIdentity;
  readonly nodes: Nodes;
  readonly follower: Follower;
  readonly monotonicMs: () => number;
  readonly nowMs: () => number;
  /** Calls back whenever a server of the database is given up: it may come again without its last moments. */
  readonly onLost: (listener: () => void) => void;
  /** Told when the lease is lost, or cannot be got, and when it is there again. */
  readonly onLease: (problem: string | undefined) => void;
}

/** Writers wait for so long at most while a node catches up under their lock. */
const CATCH_UP_MS = 1000;
const RETRY_MS = 300;
/** How long one wait for verifiers lasts before another look. */
const LOOK_MS = 2000;

export class ClusterNode {
  readonly #parts: NodeParts;
  readonly #lease: NodeLease;
  #registry: VerifierRegistry | undefined;
  #trustMs = 0;
  #recordedTrustMs = 0;
  #confirmedSeq = -1;
  /** What the store knows from the last report, as far as is known here; empty: to be reported again. */
  #reported = "";
  #problem: string | undefined = "no lease from the shared store yet";
  #isStopped = false;
  #renewing: Promise<boolean> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #woken = Promise.withResolvers<void>();
  #reporting: Promise<void> = Promise.resolve();

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.#lease = new NodeLease(parts, parts.identity.leaseMs);
    parts.onLost(() => this.#reportAgain());
    parts.follower.hear({
      onChanges: () => this.#wake(),
      onReset: () => {
        // The lease of the former history goes on: in this one nothing is confirmed before it is over.
        this.#confirmedSeq = -1;
        this.#wake();
        void this.renew();
      },
    });
  }

  get id(): string {
    return this.#parts.identity.id;
  }

  /**
   * Whether tokens may be judged by what is known here. Without a lease only where one was held once:
   * before that this node is on no roll, and nobody would say that it has not confirmed.
   */
  mayJudge(): boolean {
    return this.#parts.identity.isStrict ? this.#lease.remainingMs() > 0 : this.#isListed();
  }

  /** The lease that a verifier may be granted now, in milliseconds; 0: none. */
  grantMs(usualMs: number): number {
    if (this.#parts.follower.replica === undefined) return 0;
    if (this.#parts.identity.isStrict) return this.#lease.grantMs(usualMs);
    return this.#isListed() ? usualMs : 0;
  }

  #isListed(): boolean {
    return this.#lease.ageMs() !== undefined;
  }

  leaseLeftMs(): number {
    return this.#lease.remainingMs();
  }

  /** Why there is no lease; undefined while there is one. */
  leaseProblem(): string | undefined {
    if (this.#lease.remainingMs() > 0) return undefined;
    const why = this.#parts.follower.trouble ?? this.#problem ?? "it could not be renewed in time";
    const age = this.#lease.ageMs();
    const since = age === undefined ? "" : ` for ${Math.floor(age / 1000)} s`;
    return `no lease from the shared store${since}: ${why}`;
  }

  /**
   * Puts on record, before it is granted, how long anybody may trust this node's verdicts beyond its
   * lease. @throws AppError unavailable while the record cannot be written
   */
  async recordTrust(trustMs: number): Promise<void> {
    this.#trustMs = Math.max(this.#trustMs, trustMs);
    // One that is under way carries what was known when it was sent.
    await this.#renewing;
    // Without a lease nothing is on record, and the first one brings it along.
    if (this.#lease.ageMs() === undefined) return;
    if (this.#recordedTrustMs >= trustMs || (await this.#renewOnce())) return;
    throw new AppError("unavailable", "so long a trust could not be put on record");
  }

  /** Begins to hold a lease and to report, once it is known who verifies. */
  start(registry: VerifierRegistry): void {
    this.#registry = registry;
    void this.renew();
    this.#reporting = this.#keepReporting(registry);
  }

  /** Gives the lease up, so that nobody waits for it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#wake();
    await this.#renewing;
    await Promise.race([this.#reporting, Bun.sleep(RETRY_MS)]);
    this.#lease.drop();
    await this.#parts.nodes.release(this.#parts.identity.id).catch(() => undefined);
  }

  /** Renews now, one at a time, and plans the next time. */
  async renew(): Promise<void> {
    if (this.#isStopped || this.#registry === undefined) return;
    clearTimeout(this.#timer);
    this.#renewing ??= this.#tryRenew().finally(() => {
      this.#renewing = undefined;
    });
    const isGranted = await this.#renewing;
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    const { leaseMs } = this.#parts.identity;
    this.#timer = setTimeout(() => void this.renew(), isGranted ? leaseMs / 3 : RETRY_MS);
  }

  async #tryRenew(): Promise<boolean> {
    try {
      const isGranted = await this.#renewOnce();
      this.#say(isGranted ? undefined : "this node has not caught up with the journal");
      return isGranted;
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  async #renewOnce(): Promise<boolean> {
    const { identity, nodes } = this.#parts;
    const trustMs = this.#trustMs;
    const sent = this.#lease.moment();
    let told = "";
    const isGranted = await nodes.renew(identity, async (head) => {
      const report = await this.#catchUp(head, trustMs);
      if (report !== undefined) told = toText(report);
      return report;
    });
    if (!isGranted) return false;
    // Made before a report that the store had first, it has taken that one's verifiers back.
    if (told !== this.#reported) this.#reportAgain();
    this.#lease.renewed(sent);
    this.#recordedTrustMs = trustMs;
    return true;
  }

  async #catchUp(head: Head, trustMs: number): Promise<NodeReport | undefined> {
    const { follower } = this.#parts;
    if (follower.replica?.index.epoch !== head.epoch) {
      follower.poke();
      return undefined;
    }
    const isThere = await follower.reached(head.seq, CATCH_UP_MS);
    return isThere ? this.#report(trustMs) : undefined;
  }

  #report(trustMs: number): NodeReport {
    const { index } = this.#parts.follower.replica ?? {};
    const verifiers = this.#registry?.verifiers() ?? [];
    return {
      epoch: index?.epoch ?? "",
      appliedSeq: index?.seq ?? 0,
      confirmedSeq: this.#confirmedSeq,
      trustMs,
      verifiers: verifiers.map(({ id, name, seq, isLive, staleSeconds }) => ({
        id,
        name,
        seq,
        isLive,
        staleSeconds,
      })),
    };
  }

  /** Reports at once whatever more is enforced, as long as the node runs. */
  async #keepReporting(registry: VerifierRegistry): Promise<void> {
    const { follower, identity, nodes } = this.#parts;
    while (!this.#isStopped) {
      this.#woken = Promise.withResolvers<void>();
      const index = follower.replica?.index;
      const newest = index?.seq ?? 0;
      this.#confirmedSeq = index === undefined ? -1 : registry.confirmedSeq(newest);
      const text = toText({ epoch: index?.epoch ?? "", confirmedSeq: this.#confirmedSeq });
      if (text !== this.#reported && this.#lease.ageMs() !== undefined) {
        try {
          // oxlint-disable-next-line no-await-in-loop -- one report after the other
          await nodes.report(identity.id, this.#report(this.#trustMs));
          this.#reported = text;
          continue;
        } catch {
          // What keeps the store away is told by the follower and the lease.
          // oxlint-disable-next-line no-await-in-loop
          await Promise.race([this.#woken.promise, Bun.sleep(RETRY_MS)]);
          continue;
        }
      }
      const next = this.#confirmedSeq + 1;
      // Without a replica there is nothing to wait for but the first one.
      const more =
        index !== undefined && newest >= next
          ? registry.waitApplied(next, LOOK_MS).then(() => undefined)
          : Bun.sleep(LOOK_MS);
      // oxlint-disable-next-line no-await-in-loop
      await Promise.race([this.#woken.promise, more]);
    }
  }

  #reportAgain(): void {
    this.#reported = "";
    this.#wake();
  }

  #wake(): void {
    this.#woken.resolve();
  }

  #say(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#parts.onLease(problem);
  }
}

/** What is worth a report of its own. */
function toText({ epoch, confirmedSeq }: Pick<NodeReport, "epoch" | "confirmedSeq">): string {
  return `${epoch} ${confirmedSeq}`;
}
