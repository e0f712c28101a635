/** Says in plain English what a rule does, exactly: for the page, the command line and previews. */
import type { Check, Condition, Rule } from "./rule.ts";
import type { RuleScope } from "./store.ts";
import { DIGEST_MEMBER } from "./token-digest.ts";
import { claimInWords, tokensInWords, valueInWords } from "./words.ts";

/** One sentence: `Refuses every token of "bob" whose iat is at most 1700000000 (2023-…) or missing.` */
export function describeRule(scope: RuleScope, rule: Rule): string {
  const tokens = tokensInWords(scope);
  if (isAlways(rule.condition)) return `Refuses ${tokens}.`;
  const { text } = phraseOf(rule.condition, []);
  return `Refuses ${tokens} where ${text}.`;
}

interface Phrase {
  readonly text: string;
  /** The word that joins its parts; parts joined by another word are set in brackets. */
  readonly joint: "and" | "or" | undefined;
}

function phraseOf(condition: Condition, path: readonly string[]): Phrase {
  const joint = condition.any ? "or" : "and";
  const parts: Phrase[] = [
    ...checkPhrases(condition, path),
    ...condition.members.map((member) => phraseOf(member.condition, [...path, member.path.name])),
  ];
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const texts = parts.map((part) =>
    part.joint === undefined || part.joint === joint ? part.text : `(${part.text})`,
  );
  return { text: texts.join(` ${joint} `), joint };
}

/** The checks of one claim name it once: `iat is at most 5 or missing`. */
function checkPhrases(condition: Condition, path: readonly string[]): readonly Phrase[] {
  const { checks, any } = condition;
  if (checks.length === 0) return [];
  const joint = any ? "or" : "and";
  if (path.length === 1 && path[0] === DIGEST_MEMBER && checks.length === 1) {
    return [{ text: "its claims have this SHA-256: " + operandOf(checks), joint: undefined }];
  }
  const claim = path.at(-1) ?? "";
  const text = checks.map((check) => checkPhrase(check, claim, any)).join(` ${joint} `);
  return [
    { text: `${claimInWords(path)} ${text}`, joint: checks.length === 1 ? undefined : joint },
  ];
}

function checkPhrase(check: Check, claim: string, any: boolean): string {
  switch (check.op) {
    case "eq":
      return `is ${valueInWords(claim, check.operand)}`;
    case "ne":
      return any
        ? `is anything but ${valueInWords(claim, check.operand)}`
        : `is not ${valueInWords(claim, check.operand)} (or is missing)`;
    case "gt":
      return `is ${isText(check.operand) ? "after" : "more than"} ${valueInWords(claim, check.operand)}`;
    case "gte":
      return `is ${isText(check.operand) ? "at or after" : "at least"} ${valueInWords(claim, check.operand)}`;
    case "lt":
      return `is ${isText(check.operand) ? "before" : "less than"} ${valueInWords(claim, check.operand)}`;
    case "lte":
      return `is ${isText(check.operand) ? "at or before" : "at most"} ${valueInWords(claim, check.operand)}`;
    case "in":
      return `is one of (${check.operand.map((value) => valueInWords(claim, value)).join(", ")})`;
    case "sw":
      return `starts with ${JSON.stringify(check.operand)}`;
    case "regex":
      return `matches the pattern ${JSON.stringify(check.operand.source)}`;
    case "exists":
      return check.operand ? "is there" : "is missing";
  }
}

function operandOf(checks: readonly Check[]): string {
  const [check] = checks;
  return check?.op === "eq" ? valueInWords("", check.operand) : "…";
}

function isText(operand: number | bigint | string): boolean {
  return typeof operand === "string";
}

/**
 * Whether the condition holds for any claims: what a claim is, or that it is something else, or that it
 * is missing. How the intent to block says it.
 */
function isAlways(condition: Condition): boolean {
  const { any, checks, members } = condition;
  if (!any) {
    return checks.length === 0 && members.every((member) => isAlways(member.condition));
  }
  const isThere = checks.some((check) => check.op === "exists" && check.operand);
  const isMissingToo = checks.some(
    (check) => check.op === "ne" || (check.op === "exists" && !check.operand),
  );
  return (isThere && isMissingToo) || members.some((member) => isAlways(member.condition));
}
