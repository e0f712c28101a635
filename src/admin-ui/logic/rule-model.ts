/** A rule as the builder holds it: conditions with an identity each, so that typing keeps its place. */

export const OPERATORS = [
  "eq",
  "ne",
  "gt",
  "gte",
  "lt",
  "lte",
  "in",
  "sw",
  "regex",
  "exists",
] as const;
export type Operator = (typeof OPERATORS)[number];

/** How each operator reads between a claim and its operand. */
export const OPERATOR_WORDS: Readonly<Record<Operator, string>> = {
  eq: "is",
  ne: "is not",
  gt: "is more than",
  gte: "is at least",
  lt: "is less than",
  lte: "is at most",
  in: "is one of",
  sw: "starts with",
  regex: "matches pattern",
  exists: "is",
};

/** The types an operand can be written as. */
export const OPERAND_TYPES = ["text", "number", "true", "false", "null"] as const;
export type OperandType = (typeof OPERAND_TYPES)[number];

/** `text` is what was typed: a number's digits, a list's items as JSON; unused for true, false, null. */
export interface Operand {
  readonly type: OperandType;
  readonly text: string;
}

/** One operator on the value of the claim that the group around it stands for. */
export interface Check {
  readonly kind: "check";
  readonly id: number;
  readonly op: Operator;
  readonly operand: Operand;
}

/** A claim, or below the top a member of a claim that is an object. */
export interface Member {
  readonly kind: "member";
  readonly id: number;
  readonly name: string;
  readonly group: Group;
}

/** What must hold of a value: all of it, or with `any` one of it. */
export interface Group {
  readonly any: boolean;
  readonly items: readonly (Check | Member)[];
}

/** Hands out the identities of one builder. */
export type NextId = () => number;

export function createNextId(): NextId {
  let last = 0;
  return () => (last += 1);
}

/** A fresh condition "claim is …" on a claim still to be named. */
export function newMember(nextId: NextId, name = ""): Member {
  return { kind: "member", id: nextId(), name, group: { any: false, items: [newCheck(nextId)] } };
}

export function newCheck(nextId: NextId): Check {
  return { kind: "check", id: nextId(), op: "eq", operand: { type: "text", text: "" } };
}

/** The member's only check, if it is a plain one: such a member is a single row. */
export function onlyCheck(member: Member): Check | undefined {
  const [first, ...rest] = member.group.items;
  return rest.length === 0 && first?.kind === "check" ? first : undefined;
}

/** Keeps an operand right for an operator when the operator changes; what was typed stays. */
export function fitOperand(op: Operator, operand: Operand): Operand {
  if (op === "exists") return { ...operand, type: operand.type === "false" ? "false" : "true" };
  if (op === "sw" || op === "regex" || op === "in") return { ...operand, type: "text" };
  const isOrdered = op !== "eq" && op !== "ne";
  const isWord = operand.type !== "text" && operand.type !== "number";
  return isOrdered && isWord ? { ...operand, type: "text" } : operand;
}

/** The same group with one item changed, or gone where `change` answers undefined. */
export function changeItem(
  group: Group,
  id: number,
  change: (item: Check | Member) => Check | Member | undefined,
): Group {
  const items = group.items.flatMap((item) => {
    if (item.id === id) return change(item) ?? [];
    return item.kind === "member"
      ? [{ ...item, group: changeItem(item.group, id, change) }]
      : [item];
  });
  return { ...group, items };
}
