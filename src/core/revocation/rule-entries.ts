/**
 * Says under which keys a rule has to be found: what a token must contain before the rule can match.
 *
 * A rule whose top is an OR is found through each of its parts, so the rule matches if and only if
 * one of its parts does. A part is found
 * - by an equality member, if it has one that must hold: the key of that claim and value;
 * - otherwise by trying it. Parts that are alike but for one threshold (`iat:{lte:N}`) form a ladder:
 *   if the strongest of them does not hold, none does, so only that one is tried.
 */
import { hash } from "node:crypto";
import { type ClaimPath } from "./claim-path.ts";
import { claimKey, extendPath, type PathHash } from "./claim-hash.ts";
import type { Scalar } from "./compare.ts";
import { jsonText } from "./json-text.ts";
import { longestText } from "./pattern.ts";
import type { Check, Condition } from "./rule.ts";

/** The version of what is stored about entries; a store with another one is indexed anew. */
export const ENTRY_VERSION = 2;

/** One way a rule has to be found. */
export interface RuleEntry {
  /**
   * Alternative sets of keys; a token that the part matches contains at least one key of *each* set,
   * so that any one set suffices. None: the part has to be tried on every token.
   */
  readonly keySets: readonly (readonly number[])[];
  /** Which part of the rule it is, an index into `ruleParts`. */
  readonly part: number;
  /** Hashes of the paths that the keys are of. */
  readonly paths: readonly number[];
  /** Equal for parts that differ in the threshold only: 16 bytes of SHA-256, as hex. */
  readonly shape: string;
  /** With the same shape, a part that holds implies every part of greater or equal strength. */
  readonly strength: number;
  /** True when strength differs between rules of this shape: it holds a threshold. */
  readonly hasThreshold: boolean;
}

interface Part {
  readonly path: readonly ClaimPath[];
  readonly condition: Condition;
}

/** @param issuer the one issuer the rule is for; part of the shape, as others are never implied */
export function ruleEntries(
  condition: Condition,
  issuer: string | undefined,
): readonly RuleEntry[] {
  return partsOf(condition, []).map((part, index) => new PartEntry(part, index, issuer));
}

/** The parts by themselves, each a condition on the claims: the rule holds when one of them does. */
export function ruleParts(condition: Condition): readonly Condition[] {
  return partsOf(condition, []).map((part) =>
    part.path.reduceRight<Condition>(
      (inner, path) => ({ any: false, checks: [], members: [{ path, condition: inner }] }),
      part.condition,
    ),
  );
}

class PartEntry implements RuleEntry {
  readonly keySets: readonly (readonly number[])[];
  readonly paths: readonly number[];
  readonly part: number;
  readonly strength: number;
  readonly hasThreshold: boolean;
  readonly #part: Part;
  readonly #issuer: string | undefined;
  readonly #threshold: Threshold | undefined;
  #shape: string | undefined;

  constructor(part: Part, index: number, issuer: string | undefined) {
    let path: PathHash;
    for (const step of part.path) path = extendPath(path, step.name);
    const threshold = findThreshold(part.condition);
    const paths = new Set<number>();
    this.keySets = keySetsOf(part.condition, path, paths);
    this.paths = [...paths];
    this.part = index;
    this.strength = threshold === undefined ? 0 : strengthOf(threshold);
    this.hasThreshold = threshold !== undefined;
    this.#part = part;
    this.#issuer = issuer;
    this.#threshold = threshold;
  }

  /** Made when asked for: most rules stand alone under their key. */
  get shape(): string {
    this.#shape ??= hash("sha256", this.#shapeText(), "hex").slice(0, 32);
    return this.#shape;
  }

  #shapeText(): string {
    const { path, condition } = this.#part;
    const issuer = this.#issuer === undefined ? "null" : JSON.stringify(this.#issuer);
    const names = path.map((step) => JSON.stringify(step.name)).join(",");
    return `[${issuer},[${names}],${shapeOf(condition, this.#threshold)}]`;
  }
}

function partsOf(condition: Condition, path: readonly ClaimPath[]): readonly Part[] {
  const { any, checks, members } = condition;
  if (!any && checks.length + members.length > 1) return [{ path, condition }];
  return [
    ...checks.map((check) => ({ path, condition: { any: false, checks: [check], members: [] } })),
    ...members.flatMap((member) => partsOf(member.condition, [...path, member.path])),
  ];
}

/** @param paths takes up the paths of the keys */
function keySetsOf(
  condition: Condition,
  path: PathHash,
  paths: Set<number>,
): readonly (readonly number[])[] {
  const bySide = [
    ...condition.checks.map((check) => checkKeySets(check, path, paths)),
    ...condition.members.map((member) =>
      keySetsOf(member.condition, extendPath(path, member.path.name), paths),
    ),
  ];
  if (!condition.any) return bySide.flat();
  // Of an OR every side may be the one that holds, so a set has to cover all of them.
  const union = new Set<number>();
  for (const sets of bySide) {
    const smallest = sets.toSorted((a, b) => a.length - b.length)[0];
    if (smallest === undefined) return [];
    for (const key of smallest) union.add(key);
  }
  return [[...union]];
}

function checkKeySets(
  check: Check,
  path: PathHash,
  paths: Set<number>,
): readonly (readonly number[])[] {
  // The claim set itself has no operators: parseRule reads every name at the top as a claim's.
  if (path === undefined) return [];
  if (check.op === "eq") {
    paths.add(path);
    return [[claimKey(path, check.operand)]];
  }
  if (check.op !== "in") return [];
  paths.add(path);
  return [[...new Set(check.operand.map((operand: Scalar) => claimKey(path, operand)))]];
}

type Threshold = Extract<Check, { readonly op: "gt" | "gte" | "lt" | "lte" }> & {
  readonly operand: number;
};

/** The first comparison with a number that must hold for the condition to hold. */
function findThreshold(condition: Condition): Threshold | undefined {
  if (condition.any && condition.checks.length + condition.members.length > 1) return undefined;
  for (const check of condition.checks) if (isThreshold(check)) return check;
  for (const member of condition.members) {
    const found = findThreshold(member.condition);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A big integer is left out: its strength could not be kept exactly. */
function isThreshold(check: Check): check is Threshold {
  const compares =
    check.op === "gt" || check.op === "gte" || check.op === "lt" || check.op === "lte";
  return compares && typeof check.operand === "number";
}

function strengthOf(threshold: Threshold): number {
  const isUpper = threshold.op === "lt" || threshold.op === "lte";
  // Adding 0 turns -0 into 0, which a database would tell apart.
  return (isUpper ? threshold.operand : -threshold.operand) + 0;
}

/** Unambiguous: JSON, with a hole that no operand looks like. */
function shapeOf(condition: Condition, hole: Threshold | undefined): string {
  const parts = [
    ...condition.checks.map(
      (check) => `["${check.op}",${check === hole ? "#" : operandText(check)}]`,
    ),
    ...condition.members.map(
      (member) => `{${JSON.stringify(member.path.name)}:${shapeOf(member.condition, hole)}}`,
    ),
  ];
  return `[${condition.any},${parts.join(",")}]`;
}

function operandText(check: Check): string {
  if (check.op !== "regex") return jsonText(check.operand);
  // The rule's other patterns may have it stop at shorter texts than its equal in another rule.
  const { source, size, longest } = check.operand;
  return jsonText(longest === longestText(size) ? source : [source, longest]);
}
