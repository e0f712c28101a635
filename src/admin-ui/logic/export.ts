/** Collects a list's pages as JSON lines, each item's text exactly as the server wrote it. */
import { isJsonProblem, type JsonNode, parseJsonTree } from "./json-tree.ts";

/**
 * Asks for page after page until there is none.
 *
 * @param load the text of a page `{"items":[…],"cursor":"…"}`
 * @param onProgress told how many items there are so far
 * @returns pieces of text, a page each
 */
export async function collectLines(
  load: (cursor: string | undefined) => Promise<string>,
  onProgress: (count: number) => void,
): Promise<readonly string[]> {
  const parts: string[] = [];
  let count = 0;
  let cursor: string | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- each page's cursor comes with the page before
    const text = await load(cursor);
    const page = parseJsonTree(text);
    if (isJsonProblem(page) || page.kind !== "object")
      throw new TypeError("a page is not an object");
    const items = memberNamed(page, "items");
    const next = memberNamed(page, "cursor");
    if (items?.kind === "array" && items.items.length > 0) {
      parts.push(`${items.items.map(({ at, end }) => text.slice(at, end)).join("\n")}\n`);
      count += items.items.length;
      onProgress(count);
    }
    cursor = next?.kind === "string" ? next.value : undefined;
  } while (cursor !== undefined);
  return parts;
}

function memberNamed(
  node: JsonNode & { readonly kind: "object" },
  name: string,
): JsonNode | undefined {
  return node.members.find((member) => member.name === name)?.value;
}
