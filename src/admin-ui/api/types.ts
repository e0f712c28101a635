/** What the server's API gives and takes, as the page uses it (contract §6, §7). Times are Unix seconds unless named otherwise. */

export type Role = "viewer" | "operator" | "admin";

export interface Me {
  readonly name: string;
  readonly role: Role;
}

export interface Actor {
  readonly who: string;
  readonly via: string;
  readonly from: string;
}

/** One thread of a HAProxy process. */
export interface Verifier {
  readonly id: string;
  readonly name: string;
  /** The newest change it has applied; −1: none yet. */
  readonly seq: number;
  readonly isLive: boolean;
  readonly lastContactMs: number;
  readonly silentForMs: number;
  readonly staleSeconds: number;
  readonly version?: string;
  readonly entries: number;
  readonly lastLatencyMs?: number;
}

export interface Verifiers {
  readonly seq: number;
  readonly items: readonly Verifier[];
  /** With a shared store: each machine. */
  readonly nodes?: readonly Node[];
}

/** One machine that enforces the rules of a shared store. */
export interface Node {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly isThis: boolean;
  readonly isStrict: boolean;
  readonly seq: number;
  readonly behind: number;
  readonly hasLease: boolean;
  readonly silentForMs: number;
  readonly verifiers: readonly Pick<Verifier, "id" | "name" | "seq" | "isLive">[];
}

export interface KeySource {
  readonly source: string;
  readonly kind: string;
  readonly keys: readonly {
    readonly kid?: string;
    readonly kty: string;
    readonly algorithms: readonly string[];
    readonly issuer?: string;
    readonly thumbprint?: string;
  }[];
  readonly problems: readonly string[];
  readonly ageSeconds?: number;
  readonly error?: string;
  readonly nextInSeconds: number;
}

export interface Stats {
  readonly version: string;
  readonly now: number;
  readonly startedAt: number;
  readonly seq: number;
  readonly ready: boolean;
  readonly problems: readonly { readonly name: string; readonly problem: string }[];
  readonly rules: Readonly<Record<string, number>>;
  readonly index: Readonly<Record<string, number>>;
  /** A minute each, oldest first, quiet ones left out. */
  readonly verdicts: readonly Minute[];
  readonly verifiers: { readonly live: number; readonly upToDate: number; readonly known: number };
}

export interface Minute {
  readonly start: number;
  /** Judged by the server, by reason. */
  readonly counts: Readonly<Record<string, number>>;
  /** Answered by HAProxy from its memory. */
  readonly remembered: number;
}

/** Everything that is shown live. */
export interface Snapshot {
  readonly stats: Stats;
  readonly verifiers: Verifiers;
  readonly keys: { readonly items: readonly KeySource[] };
}

export type RuleState = "active" | "expired" | "lifted" | "unreadable";

export interface Rule {
  readonly id: number;
  readonly scope: "global" | "subject";
  readonly subject?: string;
  readonly issuer?: string;
  readonly words: string;
  readonly expireAt: number;
  readonly reason: string;
  readonly state: RuleState;
  readonly addedAt: number;
  readonly addedBy: Actor;
  readonly lifted?: { readonly at: number; readonly by: Actor; readonly reason: string };
  readonly seq: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor?: string;
}

/** Where one verifier stands with a change. */
export interface Confirmed {
  readonly id: string;
  readonly name: string;
  readonly state: "applied" | "fenced" | "pending" | "unconfirmed";
  readonly ms?: number;
}

/** The answer to a change that was waited for. */
export interface Written {
  readonly id: number;
  readonly seq: number;
  readonly applied?: boolean;
  readonly verifiers?: readonly Confirmed[];
  readonly words?: string;
}

/** What would happen. */
export interface Preview {
  readonly words: string;
  readonly scope: "global" | "subject";
  readonly subject?: string;
  readonly issuer?: string;
  readonly expireAt: number;
  /** Of a rule until now, which is when it is written: for so long after, tokens may be refused too. */
  readonly aheadSeconds?: number;
  readonly seen: {
    readonly of: number;
    readonly matched: number;
    /** Tokens that time did not suffice for; JWEs, which are for operators. */
    readonly notLookedAt: number;
    readonly leftOut: number;
    readonly subjects: readonly string[];
    readonly subjectCount: number;
    readonly unknownClaims: readonly string[];
    readonly since?: number;
  };
  /** Whether a token given along would be refused. */
  readonly test?: { readonly matches?: boolean; readonly claimsHidden?: boolean };
}

export interface Inspection {
  readonly valid: boolean;
  readonly reason: string;
  readonly detail?: string;
  readonly words: string;
  readonly until?: number;
  readonly rule?: Rule;
  readonly key?: { readonly alg: string; readonly kid?: string; readonly source?: string };
  readonly generation?: string;
  readonly subjects?: readonly string[];
  readonly issuer?: string;
  readonly claimsHidden?: boolean;
}

export interface AuditRow {
  readonly id: number;
  readonly atMs: number;
  readonly actor: Actor;
  readonly action: string;
  readonly target: string;
  readonly reason?: string;
  readonly outcome: "done" | "refused";
  readonly detail?: string;
  /** Whose tokens the rule is about that was acted on. */
  readonly subject?: string;
}

export interface Person {
  readonly name: string;
  readonly role: Role;
  readonly createdAt?: number;
  readonly passwordChangedAt?: number;
}

export interface ApiToken {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly revokedAt?: number;
  readonly lastUsedAt?: number;
  /** Only in the answer that made it. */
  readonly token?: string;
}

export interface OwnSession {
  readonly id: number;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly from: string;
  readonly isThis: boolean;
}
