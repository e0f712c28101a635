/** Reads a rule from its JSON; every refusal names the place inside the rule and what was expected. */
import { AppError } from "../app-error.ts";
import { JsonSyntaxError, parseJson } from "../json-parse.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { parseClaimPath } from "./claim-path.ts";
import { isJsonObject, jsonText } from "./json-text.ts";
import { isScalar, OPERATORS, parseCheck } from "./operand.ts";
import { type CompilePattern, compilePattern } from "./pattern.ts";
import { createRulePatterns } from "./rule-patterns.ts";
import {
  type Check,
  type Condition,
  MAX_RULE_BYTES,
  MAX_RULE_LEVELS,
  type Member,
  type Rule,
} from "./rule.ts";

/**
 * Parses a rule's JSON text, or its already parsed JSON.
 *
 * Inside a claim's object a member is an operator if it has an operator's name; otherwise it must
 * hold an object, and is then a member of the claim's value: `{"a":{"b":{"eq":1}}}` is `{"a.b":1}`.
 *
 * @param compile for who parses many rules: one with a memory (`createPatternCache`)
 * @throws AppError invalid, with `path` as a JSON Pointer from the rule's top and `expected`
 */
export function parseRule(
  input: string | JsonObject,
  compile: CompilePattern = compilePattern,
): Rule {
  const value = typeof input === "string" ? parseText(input) : input;
  if (!isJsonObject(value)) throw refused("", "the rule is not an object", "a JSON object");
  const condition = parseCondition(value, {
    at: [],
    isClaim: false,
    compile: createRulePatterns(compile),
  });
  const text = jsonText(value);
  if (Buffer.byteLength(text) > MAX_RULE_BYTES) throw tooLong();
  return { text, condition };
}

function parseText(text: string): JsonValue {
  // Length in UTF-16 units never exceeds the bytes: refuses before anything is parsed.
  if (text.length > MAX_RULE_BYTES || Buffer.byteLength(text) > MAX_RULE_BYTES) throw tooLong();
  try {
    return parseJson(text);
  } catch (cause) {
    if (!(cause instanceof JsonSyntaxError)) throw cause;
    throw new AppError("invalid", `the rule is not JSON: ${cause.message}`, {
      cause,
      path: "",
      expected: "a JSON object in which no name occurs twice",
    });
  }
}

interface Place {
  readonly at: readonly string[];
  /** True below the top, where an operator's name is an operator. */
  readonly isClaim: boolean;
  readonly compile: CompilePattern;
}

function parseCondition(object: JsonObject, place: Place): Condition {
  const { at, isClaim, compile } = place;
  if (at.length >= MAX_RULE_LEVELS) {
    throw refused(
      pointer(at),
      "the rule is nested too deeply",
      `at most ${MAX_RULE_LEVELS} levels of objects`,
    );
  }
  const checks: Check[] = [];
  const members: Member[] = [];
  for (const [name, value] of object) {
    const here = [...at, name];
    if (name === "_or") {
      if (typeof value !== "boolean")
        throw refused(pointer(here), "_or is not a boolean", "true or false");
    } else if (isClaim && OPERATORS.has(name)) {
      checks.push(checkOf(name, value, here, compile));
    } else {
      members.push({
        path: parseClaimPath(name),
        condition: parseMember(value, { ...place, at: here }),
      });
    }
  }
  if (checks.length === 0 && members.length === 0) {
    throw refused(
      pointer(at),
      at.length === 0
        ? "an empty rule would match every token"
        : "an empty object would match every token",
      at.length === 0 ? "at least one claim" : "at least one operator",
    );
  }
  return { any: object.get("_or") === true, checks, members };
}

function parseMember(value: JsonValue, place: Place): Condition {
  const { at: here, isClaim } = place;
  if (isJsonObject(value)) return parseCondition(value, { ...place, isClaim: true });
  if (isClaim) {
    throw refused(
      pointer(here),
      "unknown operator",
      `one of ${[...OPERATORS].join(" ")}, or an object for a member of the claim`,
    );
  }
  if (!isScalar(value)) {
    throw refused(
      pointer(here),
      "a claim cannot be compared with this",
      "a string, a number, true, false, null, or an object of operators",
    );
  }
  return { any: false, checks: [{ op: "eq", operand: value }], members: [] };
}

function checkOf(
  operator: string,
  value: JsonValue,
  here: readonly string[],
  compile: CompilePattern,
): Check {
  const check = parseCheck(operator, value, compile);
  if (typeof check === "string") {
    throw refused(pointer(here), `the operand of ${operator} cannot be used`, check);
  }
  return check;
}

/** RFC 6901. */
function pointer(names: readonly string[]): string {
  return names.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function refused(path: string, problem: string, expected: string): AppError {
  const where = path === "" ? "" : `at ${path}: `;
  return new AppError("invalid", `${where}${problem}; expected ${expected}`, { path, expected });
}

function tooLong(): AppError {
  return refused("", "the rule is too long", `at most ${MAX_RULE_BYTES} bytes of JSON`);
}
