/** Says of a rule's comparisons which can never match, since their claim is always a number. */
import { isJsonProblem, parseJsonTree } from "./json-tree.ts";
import type { Check, Group, Operand } from "./rule-model.ts";

/** Warnings by the identity of the comparison; a rule may be written all the same. */
export type RuleWarnings = ReadonlyMap<number, string>;

/** Moments, in seconds since 1970 (RFC 7519 §4.1.4 to 4.1.6). */
const NUMBER_CLAIMS: ReadonlySet<string> = new Set(["iat", "exp", "nbf"]);
const DIGITS = /^-?(0|[1-9]\d*)(\.\d+)?$/;

export function findRuleWarnings(group: Group): RuleWarnings {
  const warnings = new Map<number, string>();
  for (const item of group.items) {
    if (item.kind === "check" || !NUMBER_CLAIMS.has(item.name)) continue;
    for (const check of item.group.items) {
      if (check.kind === "check" && neverMatches(check))
        warnings.set(check.id, `${item.name} is a number: this never matches.`);
    }
  }
  return warnings;
}

/** What was typed for such a claim is a number where it can be one. */
export function fitClaim(claim: string | undefined, operand: Operand): Operand {
  const isNumber = NUMBER_CLAIMS.has(claim ?? "") && DIGITS.test(operand.text.trim());
  return isNumber && operand.type === "text" ? { ...operand, type: "number" } : operand;
}

function neverMatches({ op, operand }: Check): boolean {
  const isEmpty = operand.type === "text" && operand.text.trim() === "";
  if (op === "ne" || op === "exists" || isEmpty) return false;
  if (op === "sw" || op === "regex") return true;
  if (op !== "in") return operand.type !== "number";
  const node = parseJsonTree(`[${operand.text}]`);
  if (isJsonProblem(node) || node.kind !== "array") return false;
  return !node.items.some(({ kind }) => kind === "number");
}
