/** How a rule's member names a claim: the literal name first, then a dotted path into objects. */
import type { JsonObject, JsonValue } from "../json.ts";
import { isJsonObject } from "./json-text.ts";

export interface ClaimPath {
  readonly name: string;
  /** The parts of a name with dots in it; nothing to walk otherwise. */
  readonly parts: readonly string[] | undefined;
}

export function parseClaimPath(name: string): ClaimPath {
  return { name, parts: name.includes(".") ? name.split(".") : undefined };
}

/** The value a path leads to in an object; undefined when it is missing. */
export function resolveClaim(object: JsonObject, path: ClaimPath): JsonValue | undefined {
  const literal = object.get(path.name);
  if (literal !== undefined || path.parts === undefined) return literal;
  let value: JsonValue | undefined = object;
  for (const part of path.parts) {
    if (!isJsonObject(value)) return undefined;
    value = value.get(part);
  }
  return value;
}
