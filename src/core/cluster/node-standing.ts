/** Where each node stands with a change: the ground on which "enforced on every node" is said. */
import type { VerifierState } from "../feed/confirmation.ts";

/** What a node has put on record of itself; times by the database's clock, in milliseconds. */
export interface NodeRecord {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** False: it goes on judging without a lease. */
  readonly isStrict: boolean;
  readonly startedAtMs: number;
  readonly renewedAtMs: number;
  readonly leaseUntilMs: number;
  /** How much longer than the lease those who ask it may trust its verdicts. */
  readonly trustMs: number;
  /** The history that its numbers are of. */
  readonly epoch: string;
  readonly appliedSeq: number;
  /** Nobody who asks it accepts what a change up to this one refuses; −1: not known. */
  readonly confirmedSeq: number;
  readonly verifiers: readonly NodeVerifier[];
}

/** One verifier of a node, as the others are told of it. */
export type NodeVerifier = Pick<VerifierState, "id" | "name" | "seq" | "isLive" | "staleSeconds">;

/** All nodes as of one moment. */
export interface Roll {
  readonly nowMs: number;
  readonly epoch: string;
  readonly seq: number;
  /** Nodes of a former history may hold leases that nobody knows of until then. */
  readonly quietUntilMs: number;
  readonly nodes: readonly NodeRecord[];
}

/**
 * `applied`: it has said so; `fenced`: its lease, and all that was granted under it, is over;
 * `pending`: neither yet; `unconfirmed`: its lease is over and by its own setting it goes on judging.
 */
export type Standing = "applied" | "fenced" | "pending" | "unconfirmed";

/** Two clocks run apart by far less than this; a second for what lies between sending and counting. */
const DRIFT = 0.01;
const MARGIN_MS = 1000;

/** From when on, by the database's clock, a strict node and its verifiers surely judge nothing by an old lease. */
export function fencedAtMs({ renewedAtMs, leaseUntilMs, trustMs }: NodeRecord): number {
  const spanMs = Math.max(0, leaseUntilMs - renewedAtMs) + trustMs;
  return leaseUntilMs + trustMs + spanMs * DRIFT + MARGIN_MS;
}

export function standingOf(node: NodeRecord, seq: number, { epoch, nowMs }: Roll): Standing {
  if (node.epoch === epoch && node.confirmedSeq >= seq) return "applied";
  if (nowMs < fencedAtMs(node)) return "pending";
  return node.isStrict ? "fenced" : "unconfirmed";
}

/** Whether from now on nobody anywhere accepts what a change refuses. */
export function isAppliedEverywhere(roll: Roll, seq: number): boolean {
  if (roll.seq < seq || roll.nowMs < roll.quietUntilMs) return false;
  return roll.nodes.every((node) => {
    const standing = standingOf(node, seq, roll);
    return standing === "applied" || standing === "fenced";
  });
}
