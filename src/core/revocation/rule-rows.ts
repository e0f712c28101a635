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

/** A rule filed under a key: `[key, ruleId]`. */
export type KeyRow = readonly [key: number, ruleId: number];

/** A rule of a ladder: `[guard, shapeId, ruleId]`; a guard is a key, or UNGUARDED. */
export type LadderRow = readonly [guard: number, shapeId: number, ruleId: number];

/** The guard of a ladder that is tried on every token. */
export const UNGUARDED = -1;

/**
 * Keys ascending; ladders by guard, then shape, then strength descending. Rules of a ladder that
 * cannot decide, because a stronger one lasts at least as long, need not be there.
 */
export interface SubjectEntries {
  readonly keys: readonly KeyRow[];
  readonly ladders: readonly LadderRow[];
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
  findSubjectId(subject: string): number | undefined;
  /** Undefined when there are more than `limit`: such a subject is looked up on disk each time. */
  readSubjectEntries(subjectId: number, limit: number): SubjectEntries | undefined;
  findByKey(subjectId: number, key: number): readonly number[];
  /** The next ladder of a guard after this shape, or nothing. */
  nextLadder(subjectId: number, guard: number, afterShapeId: number): number | undefined;
  /** Rules of one ladder, strongest first. */
  readLadder(
    subjectId: number,
    guard: number,
    shapeId: number,
    offset: number,
    limit: number,
  ): readonly number[];
}
