/** Writes a JSON tree back as text, numbers exactly as they were. */
import { isJsonProblem, type JsonNode, parseJsonTree } from "./json-tree.ts";

/** JSON on several lines, two blanks a level. */
export function formatJson(node: JsonNode, indent = ""): string {
  const inner = `${indent}  `;
  switch (node.kind) {
    case "object": {
      const lines = node.members.map(
        ({ name, value }) => `${inner}${JSON.stringify(name)}: ${formatJson(value, inner)}`,
      );
      return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n${indent}}`;
    }
    case "array":
      return `[${node.items.map((item) => formatJson(item, indent)).join(", ")}]`;
    case "string":
      return JSON.stringify(node.value);
    case "number":
      return node.text;
    case "word":
      return String(node.value);
  }
}

/** A member of an object text as a tree, for what `JSON.parse` would round. */
export function memberOf(text: string, name: string): JsonNode | undefined {
  const node = parseJsonTree(text);
  if (isJsonProblem(node) || node.kind !== "object") return undefined;
  return node.members.find((member) => member.name === name)?.value;
}
