/** Says the everyday rules the way a person would; of the others, the server's exact words. */
import type { JsonNode } from "./json-tree.ts";
import { member, type ReadRule } from "./rule-json.ts";
import { isMoment } from "./time.ts";

/** Text, and a moment in Unix seconds. */
export type RulePart = string | { readonly at: number };

/**
 * What a rule refuses, without whom it is for: that stands beside it.
 *
 * @returns a sentence without its full stop
 */
export function toRuleWords(rule: ReadRule): readonly RulePart[] {
  return plainWords(rule.json) ?? [withoutWhom(rule).replace(/\.$/, "")];
}

/** The words of what the intents write; undefined for any other rule. */
export function plainWords(rule: JsonNode | undefined): readonly RulePart[] | undefined {
  if (only(rule, ["iat"])) return wordsOfTime(member(rule, "iat"));
  if (only(rule, ["cs", "rt"], true)) {
    const ids = new Set([idIn(member(rule, "cs")), idIn(member(rule, "rt"))]);
    const [id] = ids;
    return ids.size === 1 && id !== undefined ? [`Login ${id} and all it issued`] : undefined;
  }
  return wordsOfToken(rule);
}

/** Until a moment, or always: see `userIntent` and `blockIntent` of the server. */
function wordsOfTime(iat: JsonNode | undefined): readonly RulePart[] | undefined {
  const [lte, exists, ne] = ["lte", "exists", "ne"].map((op) => member(iat, op));
  if (only(iat, ["lte", "exists"], true) && isWord(exists, false) && lte?.kind === "number") {
    const at = Number(lte.text);
    return isMoment(at) ? ["Every token issued until ", { at }] : undefined;
  }
  const isAlways = only(iat, ["exists", "ne"], true) && isWord(exists, true);
  return isAlways && ne?.kind === "number" ? ["Every token, future ones too"] : undefined;
}

function wordsOfToken(rule: JsonNode | undefined): readonly RulePart[] | undefined {
  const name = ["jti", "cs", "#sha256"].find(
    (one) => only(rule, [one]) || only(rule, [one, "iss"]),
  );
  const id = name === undefined ? undefined : scalar(member(rule, name));
  if (name === undefined || id === undefined) return undefined;
  const issuer = scalar(member(rule, "iss"));
  const of = issuer === undefined ? "" : ` of ${issuer}`;
  if (member(rule, "iss") !== undefined && issuer === undefined) return undefined;
  return [`One token${of}, ${name === "#sha256" ? "SHA-256" : name} ${id}`];
}

/** Whether an object has these members and no others, beside an `_or` that joins them. */
function only(node: JsonNode | undefined, names: readonly string[], isAny = false): boolean {
  if (node?.kind !== "object" || isWord(member(node, "_or"), true) !== isAny) return false;
  const own = node.members.filter(({ name }) => name !== "_or");
  return own.length === names.length && names.every((name) => own.some((one) => one.name === name));
}

function isWord(node: JsonNode | undefined, value: boolean): boolean {
  return node?.kind === "word" && node.value === value;
}

function scalar(node: JsonNode | undefined): string | undefined {
  if (node?.kind === "string" && node.value !== "") return node.value;
  return node?.kind === "number" ? node.text : undefined;
}

/** An id, or a list that writes the same one as text and as number. */
function idIn(node: JsonNode | undefined): string | undefined {
  if (!only(node, ["in"])) return scalar(node);
  const list = member(node, "in");
  const ids = new Set(list?.kind === "array" ? list.items.map(scalar) : []);
  return ids.size === 1 ? [...ids][0] : undefined;
}

/** The exact words begin with whom the rule is for. */
function withoutWhom({ words, subject, issuer }: ReadRule): string {
  const from = issuer === undefined ? "" : ` from issuer ${JSON.stringify(issuer)}`;
  const whom = subject === undefined ? "" : ` of ${JSON.stringify(subject)}${from}`;
  const start = `Refuses every token${whom}`;
  return words.startsWith(start) ? `Every token${words.slice(start.length)}` : words;
}
