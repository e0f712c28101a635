/** Random rules and claim sets that meet often: few names, few values, every type. */
import * as fc from "fast-check";
import type { JsonObject, JsonValue } from "../../../src/core/json.ts";

const NAMES = ["iat", "sub", "a", "b", "a.b", "a.b.a", "eq", "", ".", "__proto__", "#"];

const BIG = 9_007_199_254_740_993n;

export const scalars: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, false, 0, 1, -1, 0.5, 10, 9, 1e20, 2 ** 53),
  fc.constantFrom<JsonValue>(BIG, BIG + 1n, 100_000_000_000_000_000_000n, -BIG),
  fc.constantFrom<JsonValue>(
    "",
    "a",
    "ab",
    "b",
    "1",
    "10",
    "true",
    "null",
    "é",
    "\u{1f600}",
    "\uffff",
  ),
  fc.integer({ min: -3, max: 12 }),
  fc.string({ maxLength: 3 }).filter((text) => text.isWellFormed()),
);

const names = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.string({ maxLength: 3 }).filter((text) => text !== "_or") },
);

function objects(
  values: fc.Arbitrary<JsonValue>,
  keys: fc.Arbitrary<string>,
  minLength: number,
): fc.Arbitrary<JsonObject> {
  return fc
    .uniqueArray(fc.tuple(keys, values), { minLength, maxLength: 4, selector: ([name]) => name })
    .map((members) => new Map(members));
}

const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 5, arbitrary: scalars },
    { weight: 1, arbitrary: fc.constantFrom<JsonValue>(Number.POSITIVE_INFINITY) },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 2 }) },
    { weight: 3, arbitrary: objects(tie("value"), names, 0) },
  ),
}));

export const claimSets: fc.Arbitrary<JsonObject> = objects(value, names, 0);

const PATTERNS = ["a", "^a", "b$", "^1", "[0-9]+", "^$", ".", "^a.b$", "(?i)A", "e", "^-"];

const checks: fc.Arbitrary<readonly [string, JsonValue]> = fc.oneof(
  fc.tuple(fc.constantFrom("eq", "ne"), scalars),
  fc.tuple(
    fc.constantFrom("gt", "gte", "lt", "lte"),
    scalars.filter((one) => one !== null && typeof one !== "boolean"),
  ),
  fc.tuple(fc.constant("in"), fc.array(scalars, { minLength: 1, maxLength: 3 })),
  fc.tuple(fc.constant("exists"), fc.boolean()),
  fc.tuple(fc.constant("sw"), fc.constantFrom("", "a", "1", "-", "é", "10")),
  fc.tuple(fc.constant("regex"), fc.constantFrom(...PATTERNS)),
);

function withOr(object: JsonObject, or: boolean | undefined): JsonObject {
  return or === undefined ? object : new Map<string, JsonValue>([["_or", or], ...object]);
}

const or = fc.constantFrom(undefined, undefined, true, true, false);

const OPERATORS = new Set(["eq", "ne", "gt", "gte", "lt", "lte", "in", "exists", "sw", "regex"]);

const { operators } = fc.letrec<{ operators: JsonObject }>((tie) => ({
  operators: fc
    .tuple(
      fc.uniqueArray(checks, { maxLength: 3, selector: ([name]) => name }),
      fc.oneof(
        { maxDepth: 2 },
        fc.constant<readonly (readonly [string, JsonObject])[]>([]),
        fc.uniqueArray(
          fc.tuple(
            names.filter((name) => !OPERATORS.has(name)),
            tie("operators"),
          ),
          { maxLength: 2, selector: ([name]) => name },
        ),
      ),
      or,
      fc.constantFrom("iat", "a"),
    )
    .map(([own, nested, any, spare]) => {
      const members = new Map<string, JsonValue>([...own, ...nested]);
      // An empty object is no rule; any one operator makes it one.
      if (members.size === 0) members.set("exists", spare === "a");
      return withOr(members, any);
    }),
}));

/** Rules that the parser accepts. */
export const rules: fc.Arbitrary<JsonObject> = fc
  .tuple(objects(fc.oneof(scalars, operators), names, 1), or)
  .map(([members, any]) => withOr(members, any));
