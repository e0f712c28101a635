/** The closed list of operators, and what each takes as its operand. */
import type { JsonValue } from "../json.ts";
import type { Scalar } from "./compare.ts";
import { isJsonArray } from "./json-text.ts";
import type { CompilePattern } from "./pattern.ts";
import type { Check } from "./rule.ts";

export const OPERATORS: ReadonlySet<string> = new Set([
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
]);

/**
 * A value that equality can compare with. A number that overflowed is none: it would equal every
 * other overflowed number.
 */
export function isScalar(value: JsonValue): value is Scalar {
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value !== "object";
}

/** The operator, if it is one that compares by order. */
export function parseComparison(operator: string): "gt" | "gte" | "lt" | "lte" | undefined {
  switch (operator) {
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return operator;
    default:
      return undefined;
  }
}

/** Types one operator's operand. @returns what was expected, in words, when it is not that */
export function parseCheck(
  operator: string,
  operand: JsonValue,
  compile: CompilePattern,
): Check | string {
  switch (operator) {
    case "eq":
    case "ne":
      if (!isScalar(operand)) return "a string, a number, true, false or null";
      return { op: operator, operand };
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      if (typeof operand !== "string" && typeof operand !== "number" && typeof operand !== "bigint")
        return "a number or a string";
      if (!isScalar(operand)) return "a number that a computer can hold";
      return { op: operator, operand };
    case "in":
      if (!isJsonArray(operand) || operand.length === 0 || !operand.every(isScalar))
        return "a list of at least one string, number, true, false or null";
      return { op: "in", operand };
    case "sw":
      if (typeof operand !== "string") return "a string";
      return { op: "sw", operand };
    case "regex": {
      if (typeof operand !== "string") return "a string";
      const pattern = compile(operand);
      return typeof pattern === "string" ? pattern : { op: "regex", operand: pattern };
    }
    case "exists":
      if (typeof operand !== "boolean") return "true or false";
      return { op: "exists", operand };
    default:
      return `one of ${[...OPERATORS].join(" ")}`;
  }
}
