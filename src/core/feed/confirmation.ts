/** What can be said of who enforces a change: the face that the API and the page see. */

import type { Actor } from "../revocation/store.ts";

/** Where one verifier stands with a change. */
export interface ConfirmedVerifier {
  readonly id: string;
  readonly name: string;
  /**
   * `applied`: it has forgotten what the change concerns; `fenced`: it trusts nothing it remembers;
   * `pending`: neither yet; `unconfirmed`: pending, and by its own setting it goes on a while without
   * a server.
   */
  readonly state: "applied" | "fenced" | "pending" | "unconfirmed";
  /** Milliseconds from the change to the report. */
  readonly ms?: number;
}

export interface AppliedOutcome {
  /** True: from now on no verifier accepts a token that the change refuses. */
  readonly applied: boolean;
  readonly verifiers: readonly ConfirmedVerifier[];
  /** With a shared store: each machine, with its verifiers. */
  readonly nodes?: readonly ConfirmedNode[];
  /** Milliseconds that were waited. */
  readonly ms?: number;
}

/** Where one machine stands with a change; the words are a verifier's. */
export interface ConfirmedNode {
  readonly id: string;
  readonly name: string;
  readonly state: ConfirmedVerifier["state"];
  readonly verifiers: readonly ConfirmedVerifier[];
}

/** One machine that enforces the rules of a shared store. */
export interface NodeState {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** Whether it is the one that was asked. */
  readonly isThis: boolean;
  /** False: it goes on judging without a lease. */
  readonly isStrict: boolean;
  /** What it has applied; −1: nothing of the present history. */
  readonly seq: number;
  /** Up to which change all who ask it enforce; −1: not known. */
  readonly confirmedSeq: number;
  /** Changes that it has still to apply, as far as it has said. */
  readonly behind: number;
  readonly hasLease: boolean;
  readonly leaseLeftMs: number;
  /** Milliseconds since it renewed its lease. */
  readonly silentForMs: number;
  /** Unix milliseconds, by its own clock. */
  readonly startedAtMs: number;
  readonly verifiers: readonly Pick<
    VerifierState,
    "id" | "name" | "seq" | "isLive" | "staleSeconds"
  >[];
}

/** One verifier: a thread of a HAProxy process. */
export interface VerifierState {
  readonly id: string;
  readonly name: string;
  /** The journal's sequence it has reported as applied; −1: none yet. */
  readonly seq: number;
  /** Whether it may hold a lease. */
  readonly isLive: boolean;
  /** Unix milliseconds. */
  readonly lastContactMs: number;
  readonly silentForMs: number;
  /** Seconds it goes on after its lease while no server can be reached; 0: strict. */
  readonly staleSeconds: number;
  readonly version: string | undefined;
  /** Verdicts it remembers now. */
  readonly entries: number;
  /** Milliseconds that the newest change took to be reported as applied. */
  readonly lastLatencyMs: number | undefined;
}

export interface Confirmation {
  /**
   * Waits until a change is in force everywhere, or the time is up; then says which.
   *
   * @param epoch with a shared store: the history that the change was written in
   */
  waitApplied(seq: number, timeoutMs: number, epoch?: string): Promise<AppliedOutcome>;
  verifiers(): readonly VerifierState[];
  /** With a shared store: all machines. @throws AppError unavailable */
  nodes?(): Promise<readonly NodeState[]>;
  /**
   * With a shared store: takes a machine that is gone for good off the roll, by an operator's word,
   * which is audited with it.
   *
   * @returns whether it was on it
   * @throws AppError unavailable, unknown
   */
  forgetNode?(id: string, reason: string, actor: Actor): Promise<boolean>;
}
