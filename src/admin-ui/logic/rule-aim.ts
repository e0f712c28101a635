/** Tells a rule for one token or login from one that may hit anybody, where neither names a person. */
import type { JsonNode } from "./json-tree.ts";

/** Claims that no two logins share. What names an application, an audience or a role is not among them. */
const ID_CLAIMS: ReadonlySet<string> = new Set(["jti", "cs", "rt", "sid", "#sha256"]);

/** Whether a rule can only match what bears an id that it names. Where in doubt it cannot be said. */
export function namesAnId(rule: JsonNode | undefined): boolean {
  return isBound(rule, (name, value) => {
    if (!ID_CLAIMS.has(name)) return false;
    return isId(value) || isBound(value, comparesWithId);
  });
}

/** Of all that must hold one part is enough; of parts of which one must hold, each has to be bound. */
function isBound(
  group: JsonNode | undefined,
  isPartBound: (name: string, value: JsonNode) => boolean,
): boolean {
  if (group?.kind !== "object") return false;
  const or = group.members.find(({ name }) => name === "_or")?.value;
  const parts = group.members.filter(({ name }) => name !== "_or");
  const isAny = or?.kind === "word" && or.value === true;
  const isOne = ({ name, value }: (typeof parts)[number]) => isPartBound(name, value);
  return isAny ? parts.length > 0 && parts.every(isOne) : parts.some(isOne);
}

function comparesWithId(op: string, operand: JsonNode): boolean {
  if (op === "eq") return isId(operand);
  return op === "in" && operand.kind === "array" && operand.items.every(isId);
}

function isId(node: JsonNode): boolean {
  return node.kind === "number" || (node.kind === "string" && node.value !== "");
}
