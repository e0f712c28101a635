/** What a mirror of the seed's sets needs of the rules here. */
import type { NewRule, RuleScope } from "../../core/revocation/store.ts";

/** Ids of rules in force, by `contentOf`. */
export type RuleIds = ReadonlyMap<string, RuleIdsOfContent>;

export interface RuleIdsOfContent {
  readonly scope: RuleScope;
  readonly ids: readonly number[];
}

/** The rules here. Every call rejects with AppError unavailable while the server is away. */
export interface OurRules {
  /** Those in force that were written for exactly this reason; of one scope only, where one is given. */
  inForce(reason: string, scope?: RuleScope): Promise<RuleIds>;
  /** @returns its id; @throws AppError invalid when it may not be written */
  add(rule: NewRule): Promise<number>;
  /** All of them or none, in one step. */
  addAll(rules: readonly NewRule[], source: string): Promise<void>;
  /** Lifts one; one that is not in force any more is as good as lifted. */
  lift(id: number, reason: string): Promise<void>;
}
