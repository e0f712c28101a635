/** Says who enforces a change on all nodes: asks the shared store, whichever node was asked. */
import { DatabaseClock } from "../../core/cluster/database-clock.ts";
import { isAppliedEverywhere, type Roll, standingOf } from "../../core/cluster/node-standing.ts";
import type {
  AppliedOutcome,
  Confirmation,
  ConfirmedNode,
  ConfirmedVerifier,
  NodeState,
  VerifierState,
} from "../../core/feed/confirmation.ts";
import type { Actor } from "../../core/revocation/store.ts";
import type { Database } from "../../postgres/database.ts";
import { type Nodes, NODES_CHANNEL } from "../../postgres/nodes.ts";

export interface ConfirmationParts {
  readonly database: Database;
  readonly nodes: Nodes;
  readonly nodeId: string;
  /** This node's own verifiers, as they are now. */
  readonly verifiers: () => readonly VerifierState[];
  readonly monotonicMs: () => number;
  readonly nowMs: () => number;
}

/** Where no notice comes, the store is asked again after this. */
const LOOK_MS = 250;

export class ClusterConfirmation implements Confirmation {
  readonly #parts: ConfirmationParts;
  readonly #clock: DatabaseClock;

  constructor(parts: ConfirmationParts) {
    this.#parts = parts;
    this.#clock = new DatabaseClock(parts.monotonicMs);
  }

  verifiers(): readonly VerifierState[] {
    return this.#parts.verifiers();
  }

  async nodes(): Promise<readonly NodeState[]> {
    const roll = await this.#readRoll();
    return roll.nodes.map((node) => ({
      id: node.id,
      name: node.name,
      version: node.version,
      isThis: node.id === this.#parts.nodeId,
      isStrict: node.isStrict,
      seq: node.epoch === roll.epoch ? node.appliedSeq : -1,
      confirmedSeq: node.epoch === roll.epoch ? node.confirmedSeq : -1,
      behind: node.epoch === roll.epoch ? roll.seq - node.appliedSeq : roll.seq,
      hasLease: roll.nowMs < node.leaseUntilMs,
      leaseLeftMs: Math.max(0, node.leaseUntilMs - roll.nowMs),
      silentForMs: Math.max(0, roll.nowMs - node.renewedAtMs),
      startedAtMs: node.startedAtMs,
      verifiers: node.verifiers,
    }));
  }

  async forgetNode(id: string, reason: string, actor: Actor): Promise<boolean> {
    return this.#parts.nodes.forget(id, reason, actor, this.#parts.nowMs());
  }

  async waitApplied(seq: number, timeoutMs: number, epoch?: string): Promise<AppliedOutcome> {
    const { database, monotonicMs } = this.#parts;
    const startedMs = monotonicMs();
    let woken = Promise.withResolvers<void>();
    const wake = () => woken.resolve();
    const listening = await database.listen(NODES_CHANNEL, wake, wake).catch(() => undefined);
    try {
      for (;;) {
        woken = Promise.withResolvers<void>();
        // oxlint-disable-next-line no-await-in-loop -- each turn looks at what has happened
        const roll = await this.#readRoll().catch(() => undefined);
        const ms = monotonicMs() - startedMs;
        // In another history the number means another change; what this node judges by may still be of the former.
        const isApplied =
          roll !== undefined && roll.epoch === epoch && isAppliedEverywhere(roll, seq);
        if (isApplied) return toOutcome(true, roll, seq, ms);
        if (ms >= timeoutMs) return toOutcome(false, roll, seq, ms);
        // oxlint-disable-next-line no-await-in-loop
        await Promise.race([woken.promise, Bun.sleep(Math.min(LOOK_MS, timeoutMs - ms))]);
      }
    } finally {
      void listening?.stop();
    }
  }

  async #readRoll(): Promise<Roll> {
    const roll = await this.#parts.nodes.roll();
    return { ...roll, nowMs: this.#clock.read(roll.nowMs, roll.epoch) };
  }
}

function toOutcome(
  applied: boolean,
  roll: Roll | undefined,
  seq: number,
  ms: number,
): AppliedOutcome {
  const nodes = (roll?.nodes ?? []).map((node): ConfirmedNode => {
    const state = roll === undefined ? "pending" : standingOf(node, seq, roll);
    const isPresent = node.epoch === roll?.epoch;
    const verifiers = node.verifiers.map((one): ConfirmedVerifier => {
      const hasApplied = state === "applied" || (isPresent && one.seq >= seq);
      const open = one.staleSeconds > 0 ? "unconfirmed" : "pending";
      const isFenced = state === "fenced" || !one.isLive;
      const standing = isFenced ? "fenced" : hasApplied ? "applied" : open;
      return { id: one.id, name: `${node.name} ${one.name}`, state: standing };
    });
    return { id: node.id, name: node.name, state, verifiers };
  });
  const verifiers = nodes.flatMap((node) => node.verifiers);
  return { applied, verifiers, nodes, ms };
}
