/** Checks bodies and queries against their schemas; refusals name the place and never what was there. */
import { Type, type TObject, type TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AppError } from "../../core/app-error.ts";
import type { JsonObject } from "../../core/json.ts";
import { toPlainJson } from "./request-body.ts";

/** Checks a body. @throws AppError invalid with the first wrong place */
export function checkBody(schema: TSchema, body: JsonObject): unknown {
  const plain = toPlainJson(body);
  check(schema, plain);
  return plain;
}

/**
 * Checks a query: each parameter once, whole numbers as numbers; an empty one is not there, as a form sends
 * what was left open.
 *
 * @throws AppError invalid
 */
export function checkQuery(schema: TObject | undefined, params: URLSearchParams): unknown {
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
  check(schema ?? NOTHING, plain);
  return plain;
}

const NOTHING = Type.Object({}, { additionalProperties: false });

function check(schema: TSchema, value: unknown): void {
  if (Value.Check(schema, value)) return;
  const first = Value.Errors(schema, value).First();
  const name = first?.path.split("/").at(-1) ?? "";
  const isUnknown = first?.message === "Unexpected property";
  throw new AppError(
    "invalid",
    isUnknown ? "There is no such member here" : "A member is not right",
    {
      // An unknown member's name is the caller's own text: a token in the wrong place is not repeated.
      path: isUnknown ? `/${toShown(name)}` : (first?.path ?? ""),
      ...(isUnknown || first === undefined
        ? {}
        : { expected: toExpectation(first.schema, first.message) }),
    },
  );
}

/** What a schema expects, in words: its own where it has some. */
function toExpectation(schema: TSchema, message: string): string {
  return schema.description ?? message.replace(/^Expected /, "").toLowerCase();
}

function toShown(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]{0,31}$/.test(name) ? name : "?";
}
