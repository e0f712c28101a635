/** Applies a compiled rule to one claim set: exact, and the only judge of whether a rule matches. */
import type { JsonObject, JsonValue } from "../json.ts";
import { resolveClaim } from "./claim-path.ts";
import { compareOrdered, isEqual, isNumeric } from "./compare.ts";
import { isJsonObject, numberText } from "./json-text.ts";
import type { Check, Condition } from "./rule.ts";

/** True when the condition holds for the claims: the token is revoked. */
export function matchesCondition(condition: Condition, claims: JsonObject): boolean {
  return holds(condition, claims);
}

function holds(condition: Condition, value: JsonValue | undefined): boolean {
  const { any } = condition;
  for (const check of condition.checks) {
    if (passes(check, value) === any) return any;
  }
  for (const member of condition.members) {
    const inner = isJsonObject(value) ? resolveClaim(value, member.path) : undefined;
    if (holds(member.condition, inner) === any) return any;
  }
  return !any;
}

function passes(check: Check, value: JsonValue | undefined): boolean {
  switch (check.op) {
    case "eq":
      return isEqual(value, check.operand);
    case "ne":
      return !isEqual(value, check.operand);
    case "in":
      return check.operand.some((operand) => isEqual(value, operand));
    case "exists":
      return (value !== undefined) === check.operand;
    case "sw":
      return textOf(value)?.startsWith(check.operand) ?? false;
    case "regex": {
      const text = textOf(value);
      return text !== undefined && check.operand.test(text);
    }
    case "gt":
    case "gte":
    case "lt":
    case "lte": {
      const order = compareOrdered(value, check.operand);
      return order !== undefined && isInOrder(check.op, order);
    }
  }
}

function isInOrder(op: "gt" | "gte" | "lt" | "lte", order: number): boolean {
  switch (op) {
    case "gt":
      return order > 0;
    case "gte":
      return order >= 0;
    case "lt":
      return order < 0;
    case "lte":
      return order <= 0;
  }
}

function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  return isNumeric(value) ? numberText(value) : undefined;
}
