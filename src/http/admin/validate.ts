/** Checks bodies and queries against their schemas; refusals name the place and never what was there. */
import { Type, type TObject, type TSchema } from "@sinclair/typebox";
import { Value, type ValueError } from "@sinclair/typebox/value";
import { AppError, toSentence } from "../../core/app-error.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonArray, isJsonObject } from "../../core/revocation/json-text.ts";
import { toPlainJson } from "./request-body.ts";

/**
 * In all of a body. More than fit into a rule that somebody would write; names that were chosen to have one
 * hash cost the square of their number as members of plain objects.
 */
export const MAX_BODY_MEMBERS = 2000;
/** No request knows half as many, and a line of 16 KiB holds thousands. */
const MAX_PARAMETERS = 50;

/** Checks a body. @throws AppError invalid with the first wrong place, or for too many members */
export function checkBody(schema: TSchema, body: JsonObject): unknown {
  if (countMembers(body) > MAX_BODY_MEMBERS) {
    throw new AppError("invalid", `The body has over ${MAX_BODY_MEMBERS} members`, { path: "" });
  }
  const plain = toPlainJson(body);
  check(schema, plain, "member");
  return plain;
}

function countMembers(value: JsonValue): number {
  if (isJsonArray(value)) return value.reduce<number>((sum, item) => sum + countMembers(item), 0);
  if (!isJsonObject(value)) return 0;
  let sum = value.size;
  for (const member of value.values()) sum += countMembers(member);
  return sum;
}

/**
 * Checks a query: each parameter once, whole numbers as numbers; an empty one is not there, as a form sends
 * what was left open.
 *
 * @throws AppError invalid
 */
export function checkQuery(schema: TObject | undefined, params: URLSearchParams): unknown {
  if (params.size > MAX_PARAMETERS) {
    throw new AppError("invalid", `The query has over ${MAX_PARAMETERS} parameters`, { path: "" });
  }
  const plain: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  const kinds = new Map(Object.entries(schema?.properties ?? {}));
  const seen = new Set<string>();
  for (const [name, text] of params) {
    if (seen.has(name)) {
      throw new AppError("invalid", "A parameter is there twice", { path: `/${toShown(name)}` });
    }
    seen.add(name);
    if (text === "" && kinds.has(name)) continue;
    const isNumber = kinds.get(name)?.["type"] === "integer" && /^-?\d{1,15}$/.test(text);
    plain[name] = isNumber ? Number(text) : text;
  }
  check(schema ?? NOTHING, plain, "parameter");
  return plain;
}

const NOTHING = Type.Object({}, { additionalProperties: false });

function check(schema: TSchema, value: unknown, what: "member" | "parameter"): void {
  if (Value.Check(schema, value)) return;
  const errors = [...Value.Errors(schema, value)];
  const unknown = errors.find(({ message }) => message === "Unexpected property");
  const missing = errors.find(({ message }) => message === "Expected required property");
  const [first] = errors;
  const problems = [
    ...(unknown === undefined ? [] : [`there is no ${what} ${toQuoted(unknown.path)} here`]),
    ...(missing === undefined ? [] : [`${toQuoted(missing.path)} is missing`]),
  ];
  // What is wrong with a value comes first: the names around it may well be right.
  const isName = first === unknown || first === missing;
  const title = isName ? toSentence(problems.join(", and ")) : `A ${what} is not right`;
  const place = first ?? unknown;
  // An unknown member's name is the caller's own text: a token in the wrong place is not repeated.
  const path = place === unknown ? `/${toShown(lastOf(place?.path))}` : (place?.path ?? "");
  const expected = place === undefined ? undefined : toExpectation(place);
  throw new AppError("invalid", title, { path, ...(expected === undefined ? {} : { expected }) });
}

function lastOf(path = ""): string {
  return path.split("/").at(-1) ?? "";
}

function toQuoted(path: string): string {
  return `"${toShown(lastOf(path))}"`;
}

/** What a schema expects, in words: its own where it has some. Nothing can stand where nothing is known. */
function toExpectation({ schema, message }: ValueError): string | undefined {
  if (message === "Unexpected property") return undefined;
  if (message === "Expected required property") return schema.description;
  return schema.description ?? message.replace(/^Expected /, "").toLowerCase();
}

function toShown(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]{0,31}$/.test(name) ? name : "?";
}
