/** Reads rules off the server's answers, each with its own JSON as a tree: numbers stay exact. */
import type { Page, Rule } from "../api/types.ts";
import { isJsonProblem, type JsonNode, parseJsonTree } from "./json-tree.ts";

/** A rule as it is shown. */
export interface ReadRule extends Rule {
  /** A text where the server cannot read the rule; undefined where the page cannot. */
  readonly json: JsonNode | undefined;
}

/** One rule, from the text of an answer. */
export function readRule(text: string): ReadRule {
  return { ...(JSON.parse(text) as Rule), json: member(parseTree(text), "rule") };
}

/** A page of rules, from the text of an answer. */
export function readRulePage(text: string): Page<ReadRule> {
  const page = JSON.parse(text) as Page<Rule>;
  const list = member(parseTree(text), "items");
  const nodes = list?.kind === "array" ? list.items : [];
  return {
    ...page,
    items: page.items.map((rule, index) => ({ ...rule, json: member(nodes[index], "rule") })),
  };
}

/** A member of an object by its name; undefined where there is none. */
export function member(node: JsonNode | undefined, name: string): JsonNode | undefined {
  if (node?.kind !== "object") return undefined;
  return node.members.find((one) => one.name === name)?.value;
}

/** A text as a tree; undefined where it is no JSON. */
export function parseTree(text: string): JsonNode | undefined {
  const node = parseJsonTree(text);
  return isJsonProblem(node) ? undefined : node;
}
