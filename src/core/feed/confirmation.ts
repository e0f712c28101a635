/** What can be said of who enforces a change: the face that the API and the page see. */

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
  /** Waits until a change is in force everywhere, or the time is up; then says which. */
  waitApplied(seq: number, timeoutMs: number): Promise<AppliedOutcome>;
  verifiers(): readonly VerifierState[];
}
