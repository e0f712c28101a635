/**
 * The published meaning of a rule, to be read rather than run: plain, slow and without the engine's
 * parts. The engine is tested against it on random rules and claims.
 */
import type { JsonObject, JsonValue } from "../json.ts";
import { isJsonObject } from "./json-text.ts";
import { compilePattern, longestText } from "./pattern.ts";

/**
 * Whether a rule that the parser accepts matches a claim set.
 *
 * 1. The members of a rule are claims. A claim is looked up by its literal name; if there is none of
 *    that name and the name has dots, by walking its parts from object to object.
 * 2. A member's value is what the claim must equal, or an object of operators.
 * 3. Inside such an object, a member that is not an operator holds another such object: it is about
 *    that member of the claim's value.
 * 4. Members are joined by AND; with `"_or": true` beside them, by OR.
 * 5. To a pattern, a text that is too long for what the rule's patterns need together is a match.
 */
export function ruleMatches(rule: JsonObject, claims: JsonObject): boolean {
  const answers: boolean[] = [];
  const longest = longestText(stepsOf(rule, false));
  for (const [name, expected] of rule) {
    if (name === "_or") continue;
    const claim = lookUp(claims, name);
    answers.push(
      isJsonObject(expected) ? operatorsHold(expected, claim, longest) : equals(claim, expected),
    );
  }
  return joined(rule, answers);
}

function operatorsHold(
  operators: JsonObject,
  claim: JsonValue | undefined,
  longest: number,
): boolean {
  const answers: boolean[] = [];
  for (const [name, operand] of operators) {
    if (name === "_or") continue;
    const answer = operatorHolds(name, claim, operand, longest);
    if (answer !== undefined) answers.push(answer);
    else if (isJsonObject(operand))
      answers.push(
        operatorsHold(operand, isJsonObject(claim) ? lookUp(claim, name) : undefined, longest),
      );
    else throw new TypeError(`unknown operator ${name}`);
  }
  return joined(operators, answers);
}

/** Nothing when the name is not an operator's. */
function operatorHolds(
  name: string,
  claim: JsonValue | undefined,
  operand: JsonValue,
  longest: number,
): boolean | undefined {
  if (name === "eq") return equals(claim, operand);
  if (name === "ne") return !equals(claim, operand);
  if (name === "in") return Array.isArray(operand) && operand.some((one) => equals(claim, one));
  if (name === "exists") return operand === (claim !== undefined);
  if (name === "sw")
    return typeof operand === "string" && text(claim)?.startsWith(operand) === true;
  if (name === "regex") {
    const pattern = compilePattern(typeof operand === "string" ? operand : "");
    const looked = text(claim);
    if (typeof pattern === "string" || looked === undefined) return false;
    return looked.length > longest || pattern.test(looked);
  }
  const comparable =
    (isNumber(claim) && isNumber(operand)) ||
    (typeof claim === "string" && typeof operand === "string");
  if (name === "gt") return comparable && claim > operand;
  if (name === "gte") return comparable && claim >= operand;
  if (name === "lt") return comparable && claim < operand;
  if (name === "lte") return comparable && claim <= operand;
  return undefined;
}

/** What all patterns of a rule need. */
function stepsOf(object: JsonObject, isClaim: boolean): number {
  let steps = 0;
  for (const [name, value] of object) {
    if (isJsonObject(value)) steps += stepsOf(value, true);
    if (!isClaim || name !== "regex" || typeof value !== "string") continue;
    const pattern = compilePattern(value);
    if (typeof pattern !== "string") steps += pattern.size;
  }
  return steps;
}

function joined(group: JsonObject, answers: readonly boolean[]): boolean {
  return group.get("_or") === true ? answers.includes(true) : !answers.includes(false);
}

function lookUp(object: JsonObject, name: string): JsonValue | undefined {
  if (object.has(name)) return object.get(name);
  if (!name.includes(".")) return undefined;
  let found: JsonValue | undefined = object;
  for (const part of name.split(".")) found = isJsonObject(found) ? found.get(part) : undefined;
  return found;
}

/** Same type, same value; the two ways a number is held here are one type. */
function equals(claim: JsonValue | undefined, operand: JsonValue): boolean {
  if (isNumber(claim) && isNumber(operand)) return !(claim < operand) && !(claim > operand);
  if (claim === undefined || (claim !== null && typeof claim === "object")) return false;
  return claim === operand;
}

/** What `sw` and `regex` look at: a string itself, a number as JSON writes it, nothing else. */
function text(claim: JsonValue | undefined): string | undefined {
  if (typeof claim === "string") return claim;
  if (typeof claim === "bigint") return claim.toString();
  if (typeof claim === "number" && Number.isFinite(claim)) return JSON.stringify(claim);
  return undefined;
}

function isNumber(value: JsonValue | undefined): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
