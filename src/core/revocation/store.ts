/** What a rule store offers: the judging path, the write side, the history; not how it keeps them. */
import type { JsonObject } from "../json.ts";
import type { Rule } from "./rule.ts";

/** Who changes something, by which way in, and from where; written with every change. */
export interface Actor {
  /** A person's name, an API token's name, or the system user of a command. */
  readonly who: string;
  readonly via: "cli" | "page" | "api" | "import" | "server";
  /** The network address, `unix` for the control socket, `local` for a command without a server. */
  readonly from: string;
}

/** Whom a rule is for. A subject is the exact value of a subject claim; without an issuer, of any. */
export type RuleScope =
  | { readonly kind: "global" }
  | { readonly kind: "subject"; readonly subject: string; readonly issuer: string | undefined };

/** A rule to be written; `checkNewRule` says whether it may be. */
export interface NewRule {
  readonly scope: RuleScope;
  readonly rule: Rule;
  /** Seconds since 1970 from which it no longer holds; 0 = never ends. */
  readonly expireAt: number;
  readonly reason: string;
}

/** `unreadable`: this version cannot read it, so it refuses every token of its scope. */
export type RuleState = "active" | "expired" | "lifted" | "unreadable";

/** A rule with its history; all times are seconds since 1970. */
export interface StoredRule {
  readonly id: number;
  readonly scope: RuleScope;
  /** The rule's JSON text as it is kept. */
  readonly text: string;
  readonly expireAt: number;
  readonly reason: string;
  readonly state: RuleState;
  readonly addedAt: number;
  readonly addedBy: Actor;
  readonly lifted: { readonly at: number; readonly by: Actor; readonly reason: string } | undefined;
  /** The journal's number of its last change: an ETag together with the id. */
  readonly seq: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; hand it back for the next page. A page with a cursor may hold fewer than asked for. */
  readonly cursor: string | undefined;
}

export interface RuleQuery {
  readonly scope?: "global" | "subject" | undefined;
  readonly subject?: string | undefined;
  /** Text that the subject, the reason or the rule contains, without regard to ASCII case. */
  readonly q?: string | undefined;
  readonly state?: RuleState | undefined;
  /** The way in by which the rule was written. */
  readonly via?: Actor["via"] | undefined;
  /** By when it was written, unless by when it ends; one that never ends comes after all that do. */
  readonly sort?: "written" | "end" | undefined;
  /** Latest first (`desc`) unless told otherwise. */
  readonly order?: "asc" | "desc" | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** A rule found to match: the token is revoked. */
export interface RuleMatch {
  readonly ruleId: number;
  readonly scope: "global" | "subject";
}

/** The judging path: synchronous, local, never over a network. */
export interface RevocationIndex {
  /** Changes whenever the history is another one (a restored backup, a new store). */
  readonly epoch: string;
  /** Every journal entry up to this one is in force in `findMatch`. */
  readonly seq: number;
  /**
   * The first active rule, global or of one of these subjects, that matches the claims.
   * @param issuer the token's `iss`; rules of a subject of one issuer hold only for that issuer
   * @param digest makes `tokenDigest` of the claims' text; called only while a rule names a token by it,
   *   and without it such a rule matches nothing
   * @throws AppError unavailable when the store cannot be read: the caller refuses
   */
  findMatch(
    claims: JsonObject,
    subjects: readonly string[],
    issuer: string | undefined,
    nowSeconds: number,
    digest?: () => string,
  ): RuleMatch | undefined;
  /** What keeps the server from being ready (an unreadable global rule …), in words; none = ready. */
  ready(): readonly string[];
  counts(): IndexCounts;
}

/** Figures of the judging path for /metrics and the page. */
export interface IndexCounts {
  readonly globalRules: number;
  /** Global rules that no equality member narrows: each costs every token a comparison. */
  readonly globalLinearRules: number;
  readonly subjectRules: number;
  readonly unreadableRules: number;
  readonly cachedSubjects: number;
  readonly cachedBytes: number;
}

/** One journal entry: what changed, for whom. `all` = drop everything that was judged before. */
export interface Change {
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly kind: "rule_added" | "rule_lifted" | "rules_imported" | "keys_changed";
  readonly scope: "global" | "subject" | "all";
  readonly subject: string | undefined;
  readonly ruleId: number | undefined;
}

/** A change's place in the journal. */
export interface Place {
  readonly seq: number;
  /** Of a store that several share: the history that the number is of; in another it is another change's. */
  readonly epoch?: string | undefined;
}

export interface Written extends Place {
  readonly id: number;
  /** True when an earlier request with the same idempotency key had already done it. */
  readonly replayed: boolean;
}

/** Makes a change happen once (Idempotency-Key): kept in the change's own transaction for a day. */
export interface Once {
  /** The key as sent, within what `who` has sent. */
  readonly key: string;
  readonly who: string;
  /** SHA-256 of what was asked; the same key with another one is a conflict. */
  readonly requestHash: string;
}

/** One line of an import, parsed; `line` numbers from 1 for the report. */
export interface ImportLine {
  readonly line: number;
  readonly rule: NewRule;
}

/** A staged import: nothing of it is in force before `commit`, which is one transaction. */
export interface RuleImport {
  /** Stages lines; the caller keeps a batch to about a thousand. */
  stage(lines: readonly ImportLine[]): Promise<void>;
  /** Puts all staged rules in force at once. */
  commit(): Promise<Place & { readonly added: number }>;
  /** Forgets what was staged. Also safe after `commit`. */
  abort(): Promise<void>;
}

export interface AuditEntry {
  /** A verb and what it acts on: `rule.add`, `session.create`, `person.password` … */
  readonly action: string;
  /** What was acted on: a rule's id, a person's name; never a token, claim or secret. */
  readonly target: string;
  readonly reason: string | undefined;
  readonly outcome: "done" | "refused";
  /** The whole of what was changed where the target alone does not say it: the rule as JSON. */
  readonly detail?: string | undefined;
}

export interface AuditRow extends AuditEntry {
  readonly id: number;
  readonly atMs: number;
  readonly actor: Actor;
  /** Whose tokens the rule is about that was acted on; undefined for everybody's, and for what is no rule. */
  readonly subject?: string | undefined;
}

export interface AuditQuery {
  readonly action?: string | undefined;
  readonly who?: string | undefined;
  /** What was acted on, or whose tokens the rule is about. */
  readonly target?: string | undefined;
  /** A rule's id: what was done to it, and the import that it came by. Takes the place of `target`. */
  readonly rule?: number | undefined;
  /** Seconds since 1970: the first moment that counts, and the last. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface RuleCounts {
  readonly active: number;
  readonly expired: number;
  readonly lifted: number;
  readonly unreadable: number;
}

/**
 * Rules, their journal and audit. Each change is acknowledged when it is durable, not before. Of a store
 * over a network any change may also throw AppError unknown: it may have been made.
 */
export interface RuleStore {
  readonly epoch: string;
  /** The newest journal number. */
  seq(): Promise<number>;
  /** @throws AppError invalid, conflict (idempotency), unavailable (nothing was changed) */
  addRule(input: NewRule, actor: Actor, once?: Once): Promise<Written>;
  /** @throws AppError not_found, conflict (already lifted), unavailable */
  liftRule(id: number, reason: string, actor: Actor, once?: Once): Promise<Written>;
  getRule(id: number): Promise<StoredRule | undefined>;
  /** @throws AppError invalid for a cursor that is not one of ours (path `/cursor`) */
  listRules(query: RuleQuery): Promise<Page<StoredRule>>;
  counts(): Promise<RuleCounts>;
  /** All rules in force, oldest first, for export. */
  activeRules(): AsyncIterable<StoredRule>;
  beginImport(actor: Actor, source: string): Promise<RuleImport>;
  /** Changes after `seq`, oldest first; undefined when the journal no longer reaches back so far. */
  changesSince(seq: number, limit: number): Promise<readonly Change[] | undefined>;
  /** Notes that keys changed, so that it travels the journal like any change. */
  noteKeysChanged(what: string): Promise<number>;
  /** Called after each commit, with the new entries; returns how to stop it. */
  onChange(listener: (changes: readonly Change[]) => void): () => void;
  appendAudit(entry: AuditEntry, actor: Actor): Promise<void>;
  listAudit(query: AuditQuery): Promise<Page<AuditRow>>;
}
