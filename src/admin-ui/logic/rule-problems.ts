/** Says what keeps the builder's rule from being written, at the row where it is. */
import { isJsonProblem, parseJsonTree } from "./json-tree.ts";
import {
  type Check,
  type Group,
  type Member,
  type Operand,
  type Operator,
  OPERATORS,
} from "./rule-model.ts";
import { toRuleText } from "./rule-text.ts";

/** Problems by the identity of the row; 0 is the rule as a whole. */
export type RuleProblems = ReadonlyMap<number, string>;

const MAX_BYTES = 16 * 1024;
const MAX_LEVELS = 8;
const JSON_NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/** Checks what can be known without the server, which checks all of it once more. */
export function findRuleProblems(group: Group): RuleProblems {
  const problems = new Map<number, string>();
  checkGroup(group, 1, true, problems);
  if (group.items.length === 0)
    problems.set(0, "An empty rule would match every token. Add a condition.");
  if (problems.size === 0 && new TextEncoder().encode(toRuleText(group)).length > MAX_BYTES) {
    problems.set(0, "This rule is longer than 16 KiB.");
  }
  return problems;
}

function checkGroup(
  group: Group,
  level: number,
  isTop: boolean,
  problems: Map<number, string>,
): void {
  const names = new Set<string>();
  for (const item of group.items) {
    const name = item.kind === "check" ? item.op : item.name;
    const problem =
      item.kind === "check" ? checkOperand(item.op, item.operand) : checkName(item, isTop);
    if (problem !== undefined) problems.set(item.id, problem);
    else if (names.has(name)) problems.set(item.id, duplicateWords(item));
    names.add(name);
    if (item.kind === "check") continue;
    if (level >= MAX_LEVELS)
      problems.set(item.id, `This is nested deeper than ${MAX_LEVELS} levels.`);
    else checkGroup(item.group, level + 1, false, problems);
  }
}

function duplicateWords(item: Check | Member): string {
  return item.kind === "check"
    ? "This comparison is there already. “is one of” takes several values."
    : "This claim is there already. Add the condition there.";
}

function checkName(member: Member, isTop: boolean): string | undefined {
  if (member.name === "") return "Name the claim.";
  if (member.name === "_or") return "A claim cannot be called _or.";
  if (!isTop && OPERATORS.some((op) => op === member.name))
    return "Inside a claim this name means a comparison.";
  return member.group.items.length === 0
    ? "Add a condition on this claim, or remove it."
    : undefined;
}

function checkOperand(op: Operator, operand: Operand): string | undefined {
  if (op === "in") return checkList(operand.text);
  if (operand.type === "number") {
    if (operand.text.trim() === "") return "Type a number.";
    if (!JSON_NUMBER.test(operand.text.trim()))
      return "This is not a number. Digits, with a point for fractions.";
    return Number.isFinite(Number(operand.text)) ? undefined : "This number is too large.";
  }
  if (operand.type !== "text") return undefined;
  if (operand.text === "" && op !== "eq" && op !== "ne") return "Type what to compare with.";
  return undefined;
}

function checkList(text: string): string | undefined {
  if (text.trim() === "") return 'Type the values, texts in quotes: "a", "b", 5';
  const node = parseJsonTree(`[${text}]`);
  if (isJsonProblem(node))
    return `At character ${Math.max(1, node.at)}: ${node.message}. Such as: "a", "b", 5`;
  const isFlat =
    node.kind === "array" &&
    node.items.every((item) => item.kind !== "object" && item.kind !== "array");
  return isFlat ? undefined : "Only texts, numbers, true, false and null can stand here.";
}

/**
 * Finds the row that a server's refusal points at: a JSON Pointer such as `/rule/iat/lte`. The last part
 * that is known counts.
 */
export function findRow(group: Group, pointer: string): number {
  const parts = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (parts[0] === "rule") parts.shift();
  let row = 0;
  let here: Group | undefined = group;
  for (const part of parts) {
    const item: Check | Member | undefined = here?.items.find(
      (one) => (one.kind === "check" ? one.op : one.name) === part,
    );
    if (item === undefined) break;
    row = item.id;
    here = item.kind === "member" ? item.group : undefined;
  }
  return row;
}
