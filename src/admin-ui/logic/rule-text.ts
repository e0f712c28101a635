/** Turns the builder's rule into JSON and back. */
import { isJsonProblem, type JsonMember, type JsonNode, parseJsonTree } from "./json-tree.ts";
import {
  type Check,
  type Group,
  type Member,
  type NextId,
  onlyCheck,
  OPERATORS,
  type Operand,
  type Operator,
} from "./rule-model.ts";

/** A place in the JSON text that is wrong, and what was expected. */
export interface TextProblem {
  readonly at: number;
  readonly message: string;
}

/** Writes a rule as JSON on several lines. */
export function toRuleText(group: Group): string {
  return writeGroup(group, "", true);
}

function writeGroup(group: Group, indent: string, isTop: boolean): string {
  const inner = `${indent}  `;
  const lines = group.items.map((item) => `${inner}${writeItem(item, inner, isTop)}`);
  if (group.any) lines.unshift(`${inner}"_or": true`);
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n${indent}}`;
}

function writeItem(item: Check | Member, indent: string, isTop: boolean): string {
  if (item.kind === "check") return `"${item.op}": ${writeOperand(item.op, item.operand)}`;
  const name = JSON.stringify(item.name);
  const check = onlyCheck(item);
  if (check === undefined || item.group.any)
    return `${name}: ${writeGroup(item.group, indent, false)}`;
  const operand = writeOperand(check.op, check.operand);
  // Only at the top does a bare value mean equality.
  return isTop && check.op === "eq"
    ? `${name}: ${operand}`
    : `${name}: { "${check.op}": ${operand} }`;
}

function writeOperand(op: Operator, operand: Operand): string {
  if (op === "in") return `[${operand.text.trim()}]`;
  if (operand.type === "text") return JSON.stringify(operand.text);
  if (operand.type === "number") return operand.text.trim() === "" ? "0" : operand.text.trim();
  return operand.type;
}

/** Reads a rule's JSON into the builder. */
export function parseRuleText(text: string, nextId: NextId): Group | TextProblem {
  const node = parseJsonTree(text);
  if (isJsonProblem(node)) return node;
  if (node.kind !== "object")
    return { at: node.at, message: "A rule starts with { and names claims." };
  return readGroup(node.members, true, nextId, node.at);
}

/** Tells a problem from a rule. */
export function isTextProblem(outcome: Group | TextProblem): outcome is TextProblem {
  return "message" in outcome;
}

function readGroup(
  members: readonly JsonMember[],
  isTop: boolean,
  nextId: NextId,
  at: number,
): Group | TextProblem {
  const items: (Check | Member)[] = [];
  let any = false;
  for (const member of members) {
    if (member.name === "_or") {
      if (member.value.kind !== "word" || member.value.value === null) {
        return { at: member.value.at, message: "“_or” is true or false." };
      }
      any = member.value.value;
      continue;
    }
    const item = readItem(member, isTop, nextId);
    if ("message" in item) return item;
    items.push(item);
  }
  if (items.length === 0) {
    return {
      at,
      message: isTop
        ? "An empty rule would match every token: name a claim."
        : "This names no operator.",
    };
  }
  return { any, items };
}

function readItem(
  member: JsonMember,
  isTop: boolean,
  nextId: NextId,
): Check | Member | TextProblem {
  const { name, nameAt, value } = member;
  const op = OPERATORS.find((one) => one === name);
  if (!isTop && op !== undefined) {
    const operand = readOperand(op, value);
    return "message" in operand ? operand : { kind: "check", id: nextId(), op, operand };
  }
  if (value.kind === "object") {
    const id = nextId();
    const group = readGroup(value.members, false, nextId, value.at);
    return isTextProblem(group) ? group : { kind: "member", id, name, group };
  }
  if (!isTop)
    return { at: nameAt, message: `“${name}” is no operator. Known: ${OPERATORS.join(" ")}.` };
  const operand = readOperand("eq", value);
  if ("message" in operand) return operand;
  const check: Check = { kind: "check", id: nextId(), op: "eq", operand };
  return { kind: "member", id: nextId(), name, group: { any: false, items: [check] } };
}

function readOperand(op: Operator, value: JsonNode): Operand | TextProblem {
  const expected = expectedOperand(op, value);
  if (expected !== undefined) return { at: value.at, message: `“${op}” needs ${expected}.` };
  if (value.kind === "array")
    return { type: "text", text: value.items.map(writeScalar).join(", ") };
  if (value.kind === "string") return { type: "text", text: value.value };
  if (value.kind === "number") return { type: "number", text: value.text };
  return {
    type: value.kind === "word" && value.value !== null ? (value.value ? "true" : "false") : "null",
    text: "",
  };
}

/** What an operator needs, where the value is not that. */
function expectedOperand(op: Operator, value: JsonNode): string | undefined {
  const isScalar = value.kind !== "object" && value.kind !== "array";
  switch (op) {
    case "eq":
    case "ne":
      return isScalar ? undefined : "a text, a number, true, false or null";
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return value.kind === "number" || value.kind === "string" ? undefined : "a number or a text";
    case "sw":
    case "regex":
      return value.kind === "string" ? undefined : "a text";
    case "exists":
      return value.kind === "word" && value.value !== null ? undefined : "true or false";
    case "in":
      return value.kind === "array" &&
        value.items.length > 0 &&
        value.items.every((item) => item.kind !== "object" && item.kind !== "array")
        ? undefined
        : "a list of texts, numbers, true, false or null";
  }
}

function writeScalar(node: JsonNode): string {
  if (node.kind === "string") return JSON.stringify(node.value);
  return node.kind === "number" ? node.text : String(node.kind === "word" ? node.value : "");
}
