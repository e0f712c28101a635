/** What every kind of rule filter shares: the question put to it, and asking one rule. */
import type { JsonObject } from "../json.ts";
import { matchesCondition } from "./evaluate.ts";
import type { Condition } from "./rule.ts";

/** A rule as it is judged by. */
export interface LoadedRule {
  readonly id: number;
  /** Undefined when this version cannot read it: it then matches whatever it is asked about. */
  readonly condition: Condition | undefined;
  readonly issuer: string | undefined;
  /** Seconds since 1970; 0 = never ends. */
  readonly expireAt: number;
  /** The import it came by, 0 = none. */
  readonly importId: number;
}

/** One token to be judged; the first `keyCount` of `keys` are its own. */
export interface Question {
  readonly claims: JsonObject;
  readonly issuer: string | undefined;
  readonly nowSeconds: number;
  readonly keys: Uint32Array;
  readonly keyCount: number;
}

/** Where filters get the rules they found, by id. */
export interface RuleLoader {
  /** Nothing when the rule is not in force any more. @throws AppError unavailable */
  rule(id: number): LoadedRule | undefined;
  /** Whether rules of this import are not in force: not committed yet, or given up. */
  isHidden(importId: number): boolean;
}

export interface RuleFilter {
  /** The id of a rule that matches, or nothing. @throws AppError unavailable */
  find(question: Question): number | undefined;
  /** About how many bytes of memory it takes. */
  readonly bytes: number;
}

/** `idle`: not in force for this token now, so that it says nothing about weaker rules. */
export type Answer = "matches" | "differs" | "idle";

export function askRule(id: number, question: Question, loader: RuleLoader): Answer {
  const rule = loader.rule(id);
  if (rule === undefined) return "idle";
  if (rule.expireAt !== 0 && rule.expireAt <= question.nowSeconds) return "idle";
  if (rule.importId !== 0 && loader.isHidden(rule.importId)) return "idle";
  if (rule.issuer !== undefined && rule.issuer !== question.issuer) return "idle";
  if (rule.condition === undefined) return "matches";
  return matchesCondition(rule.condition, question.claims) ? "matches" : "differs";
}

/** Asks the rules of one ladder, strongest first, until one in force decides for the rest. */
export function askLadder(
  ids: Iterable<number>,
  question: Question,
  loader: RuleLoader,
): number | undefined {
  for (const id of ids) {
    const answer = askRule(id, question, loader);
    if (answer === "matches") return id;
    if (answer === "differs") return undefined;
  }
  return undefined;
}
