/** Equality and order of claim values: by type and value, numbers exactly, never converted. */
import type { JsonValue } from "../json.ts";

/** What an operand of equality may be. */
export type Scalar = null | boolean | number | bigint | string;

/**
 * Equal by type and value. A number and a big integer are one type (JSON has one) and are compared
 * exactly; a missing claim, an array and an object equal nothing.
 */
export function isEqual(value: JsonValue | undefined, operand: Scalar): boolean {
  if (value === operand) return true;
  if (typeof value === "bigint" || typeof operand === "bigint") {
    return compareOrdered(value, operand) === 0;
  }
  return false;
}

/**
 * Below 0, 0 or above 0 between two numbers or two strings (UTF-16 code units, as JavaScript's `<`);
 * undefined, so that no comparison holds, between anything else.
 */
export function compareOrdered(a: JsonValue | undefined, b: JsonValue): number | undefined {
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  // JavaScript compares a number with a bigint by mathematical value, without rounding either.
  if (isNumeric(a) && isNumeric(b)) return a < b ? -1 : a > b ? 1 : 0;
  return undefined;
}

export function isNumeric(value: JsonValue | undefined): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
