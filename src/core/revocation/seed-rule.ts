/**
 * Reads rules of the seed's exported sets: what JavaScript's conversions made of them there is either
 * said here in this language, or refused by name. Never a rule that matches less than it did.
 */
import { AppError } from "../app-error.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { isJsonArray, isJsonObject } from "./json-text.ts";
import { OPERATORS, parseComparison } from "./operand.ts";
import { parseRule } from "./parse-rule.ts";
import type { CompilePattern } from "./pattern.ts";
import type { Rule } from "./rule.ts";
import type { RuleScope } from "./store.ts";

/** Claims that are numbers wherever a token is valid, so that a text operand was meant as one. */
const NUMERIC_CLAIMS: ReadonlySet<string> = new Set(["iat", "exp", "nbf", "auth_time"]);

/** What stands between a Redis' prefix and whom a set is for. */
export const SEED_SETS = "jwt-rules:";

/** The first time that it stands there: what follows is a user's name, whatever that holds. */
const SET_KEY = /^(?:.*?[^a-z0-9-])?jwt-rules:(.+)$/s;

/** The user whose name there stands for everybody. */
const EVERYBODY = "g";

/**
 * The scope of a set by its key, `{ms-users}jwt-rules:bob`: `g` is the global one there.
 * @throws AppError invalid
 */
export function parseSeedKey(key: string): RuleScope {
  const name = SET_KEY.exec(key)?.[1];
  if (name === undefined) {
    throw refused("/key", "the key names no set of rules", "a name that ends in jwt-rules:USER");
  }
  return parseSeedName(name);
}

/** The scope of a set by what follows `jwt-rules:` in its key. @throws AppError invalid */
export function parseSeedName(name: string): RuleScope {
  if (name === "") throw refused("/key", "the key names nobody", "a user's name, or g");
  if (name === EVERYBODY) return { kind: "global" };
  return { kind: "subject", subject: name, issuer: undefined };
}

/** The name that `parseSeedName` reads as this scope. */
export function toSeedName(scope: RuleScope): string {
  return scope.kind === "global" ? EVERYBODY : scope.subject;
}

/** There a rule held up to and with its second; here it ends with the start of a second. */
export function parseSeedScore(score: number): number {
  if (!Number.isFinite(score) || score < 0) {
    throw refused("/score", "the score is no time", "seconds since 1970, or 0");
  }
  return score === 0 ? 0 : Math.floor(score) + 1;
}

/** @throws AppError invalid, its path inside the rule */
export function parseSeedRule(object: JsonObject, compile: CompilePattern): Rule {
  const members = new Map<string, JsonValue>();
  for (const [name, value] of object) {
    if (name === "_or") members.set(name, isTruthy(value));
    else members.set(name, isJsonObject(value) ? operatorsOf(name, value) : value);
  }
  return parseRule(members, compile);
}

function operatorsOf(claim: string, object: JsonObject): JsonObject {
  const members = new Map<string, JsonValue>();
  for (const [name, operand] of object) {
    if (name === "_or") members.set(name, isTruthy(operand));
    else members.set(name, operandOf(claim, name, operand));
  }
  return members;
}

function operandOf(claim: string, operator: string, operand: JsonValue): JsonValue {
  const path = `/${escape(claim)}/${escape(operator)}`;
  if (isJsonObject(operand) || isJsonArray(operand)) {
    throw refused(
      path,
      OPERATORS.has(operator)
        ? `the operand of ${operator} cannot be used`
        : `the seed read what is inside ${JSON.stringify(operator)} as a claim of the token`,
      "a rule of its own for it",
    );
  }
  if (parseComparison(operator) === undefined) return operand;
  if (typeof operand === "boolean") return operand ? 1 : 0;
  if (operand === null) return 0;
  if (typeof operand !== "string") return operand;
  const number = numberOf(operand);
  // Compared with a number this text was a number; with a text, a text. It cannot be both here.
  if (number === undefined) return operand;
  if (NUMERIC_CLAIMS.has(claim)) return number;
  throw refused(
    path,
    `whether ${claim} is compared as a number or as a text depended on the token`,
    "a number, or a text that is no number",
  );
}

/** What JavaScript makes of a text where it wants a number; nothing where that is NaN. */
function numberOf(text: string): number | undefined {
  const number = Number(text);
  return Number.isNaN(number) ? undefined : number;
}

function isTruthy(value: JsonValue): boolean {
  return Boolean(value);
}

function escape(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function refused(path: string, problem: string, expected: string): AppError {
  return new AppError("invalid", `at ${path}: ${problem}; expected ${expected}`, {
    path,
    expected,
  });
}
