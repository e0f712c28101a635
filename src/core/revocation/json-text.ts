/** Writes a JSON value as text: the canonical form rules are kept in, and the text of a number. */
import type { JsonValue } from "../json.ts";
import { SortedMembers } from "../sorted-members.ts";

/**
 * The JSON text of a number: shortest form that reads back as the same value, integers beyond 2^53
 * in full. How the token spelled it (`1.0`, `1e3`) is not kept. A number that overflowed has none.
 */
export function numberText(value: number | bigint): string | undefined {
  if (typeof value === "bigint") return value.toString();
  if (!Number.isFinite(value)) return undefined;
  return JSON.stringify(value);
}

/**
 * Writes a value without white space, members in their order.
 * @throws TypeError for a number that is not finite: it has no JSON text
 */
export function jsonText(value: JsonValue): string {
  if (typeof value === "number" || typeof value === "bigint") {
    const text = numberText(value);
    if (text === undefined) throw new TypeError("a number that is not finite has no JSON text");
    return text;
  }
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isJsonArray(value)) return `[${value.map(jsonText).join(",")}]`;
  const members: string[] = [];
  for (const [name, member] of value) members.push(`${JSON.stringify(name)}:${jsonText(member)}`);
  return `{${members.join(",")}}`;
}

/** `Array.isArray` for readonly arrays, which TypeScript's own does not narrow to. */
export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Tells an object from everything else a claim may hold, a missing claim included. */
export function isJsonObject(
  value: JsonValue | undefined,
): value is ReadonlyMap<string, JsonValue> {
  return value instanceof Map || value instanceof SortedMembers;
}
