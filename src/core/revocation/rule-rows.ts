/** What the judging path reads from a store: rows, synchronously, from a local database. */
import type { Change } from "./store.ts";

/** A rule in force (or staged), as it lies in the store. */
export interface RuleRow {
  readonly id: number;
  /** Undefined for a global rule. */
  readonly subject: string | undefined;
  readonly issuer: string | undefined;
  readonly text: string;
  /** The version of the rule language it was written in; 0 = found damaged. */
  readonly format: number;
  readonly expireAt: number;
  readonly importId: number;
}

/** The guard of a ladder that is tried on every token. */
export const UNGUARDED = -1;

/** A subject's filed rules; the lists of each side run beside each other. */
export interface SubjectEntries {
  /** Ascending, each with the rule filed under it. */
  readonly keys: readonly number[];
  readonly ruleIds: readonly number[];
  /** A key, or UNGUARDED; ascending. */
  readonly guards: readonly number[];
  /** Equal for the rules of one ladder; ascending within a guard. */
  readonly shapeIds: readonly number[];
  /**
   * `toRung`, strongest first within a ladder. Rules that cannot decide, because a stronger one lasts
   * at least as long, need not be there.
   */
  readonly rungs: readonly number[];
  /** Beside each rung its rule's end and import, and its strength. */
  readonly expireAts: readonly number[];
  readonly importIds: readonly number[];
  readonly strengths: readonly number[];
}

/** Every method throws AppError unavailable when the store cannot be read. */
export interface RuleRows {
  readEpoch(): string;
  readSeq(): number;
  /** Undefined when the journal no longer reaches back so far. */
  readChanges(afterSeq: number, limit: number): readonly Change[] | undefined;
  /** Imports whose rules are not in force: being staged, or given up. */
  readHiddenImports(): ReadonlySet<number>;
  /** The rule, unless lifted, swept or unknown. */
  readRule(id: number): RuleRow | undefined;
  /** The rule whatever its state, as long as it is kept. */
  readFormerRule(id: number): RuleRow | undefined;
  readGlobalRules(afterId: number, limit: number): readonly RuleRow[];
  /** Rules in force that are not of RULE_FORMAT: another version's, or found damaged. */
  readUnreadable(): readonly RuleRow[];
  /** Rules of subjects in force. */
  countSubjectRules(): number;
  /** Whether a rule was ever written that names a token by its digest. */
  usesDigest(): boolean;
  /** Paths that subjects' rules are filed by, in the order of their ids: few, and never fewer. */
  readKeyPaths(afterId: number): readonly { readonly id: number; readonly hash: number }[];
  findSubjectId(subject: string): number | undefined;
  /** Undefined when there are more than `limit`: such a subject is looked up on disk each time. */
  readSubjectEntries(subjectId: number, limit: number): SubjectEntries | undefined;
  findByKey(subjectId: number, key: number): readonly number[];
  /** The next ladder of a guard after this shape, or nothing. */
  nextLadder(subjectId: number, guard: number, afterShapeId: number): number | undefined;
  /** `toRung` of the rules of one ladder, strongest first. */
  readLadder(
    subjectId: number,
    guard: number,
    shapeId: number,
    offset: number,
    limit: number,
  ): readonly number[];
}
