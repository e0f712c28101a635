/** What every kind of rule filter shares: the question put to it, and asking one rule. */
import type { JsonObject } from "../json.ts";
import { matchesCondition } from "./evaluate.ts";
import type { Condition } from "./rule.ts";

/** A rule as it is judged by. */
export interface LoadedRule {
  readonly id: number;
  /** Undefined when this version cannot read it: it then matches whatever it is asked about. */
  readonly condition: Condition | undefined;
  /** `ruleParts` of the condition, up to 255. */
  readonly parts: readonly Condition[];
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

/** A part of a rule as many rules have it: alike in shape and threshold, and of the same issuer. */
export interface SharedPart {
  readonly issuer: string | undefined;
  /** Undefined when it cannot be read: it then matches. */
  readonly condition: Condition | undefined;
}

/** Where filters get the rules they found, by id. */
export interface RuleLoader {
  /** Nothing when the rule is not in force any more. @throws AppError unavailable */
  rule(id: number): LoadedRule | undefined;
  /** The part on a rung, shared by equal parts. Nothing when its rule is not in force. */
  part(rung: number, shapeId: number, strength: number): SharedPart | undefined;
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
  if (rule === undefined || isIdle(rule, question, loader)) return "idle";
  if (rule.condition === undefined) return "matches";
  return matchesCondition(rule.condition, question.claims) ? "matches" : "differs";
}

/** Asks the rules of one ladder, strongest first, until one in force decides for the rest. */
export function askLadder(
  rungs: Iterable<number>,
  question: Question,
  loader: RuleLoader,
): number | undefined {
  for (const rung of rungs) {
    const id = ruleOfRung(rung);
    const rule = loader.rule(id);
    if (rule === undefined || isIdle(rule, question, loader)) continue;
    const part = partOf(rule, rung);
    return part === undefined || matchesCondition(part, question.claims) ? id : undefined;
  }
  return undefined;
}

function isIdle(rule: LoadedRule, question: Question, loader: RuleLoader): boolean {
  if (rule.expireAt !== 0 && rule.expireAt <= question.nowSeconds) return true;
  if (rule.importId !== 0 && loader.isHidden(rule.importId)) return true;
  return rule.issuer !== undefined && rule.issuer !== question.issuer;
}

/** The condition on a rung of a rule; undefined when the rule cannot be read. */
export function partOf(rule: LoadedRule, rung: number): Condition | undefined {
  return rule.parts[rung % PARTS] ?? rule.condition;
}

const PARTS = 256;

/**
 * A rule on a ladder and which part of it stands there, in one number. A part beyond the last that
 * fits stands for the whole rule, which is true only more often.
 */
export function toRung(ruleId: number, part: number): number {
  return ruleId * PARTS + Math.min(part, PARTS - 1);
}

/** Whether a rung stands for the whole of its rule, which no other rule's rung is equal to. */
export function isWholeRule(rung: number): boolean {
  return rung % PARTS === PARTS - 1;
}

export function ruleOfRung(rung: number): number {
  return Math.floor(rung / PARTS);
}
