/** Reads the body of an API request: bounded, in time, JSON as strictly as everywhere else. */
import { AppError } from "../../core/app-error.ts";
import { JsonSyntaxError, parseJson } from "../../core/json-parse.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { isJsonArray, isJsonObject } from "../../core/revocation/json-text.ts";

/** Bytes of a JSON body: a rule of 16 KiB and a token of 64 KiB fit in, escapes included. */
export const MAX_BODY_BYTES = 256 * 1024;
const BODY_TIMEOUT_MS = 10_000;

const NOT_JSON = { status: 415, title: "The body has to be application/json" } as const;

/** Why a body could not be taken, as an HTTP status and a title. */
export interface BodyRefusal {
  readonly status: 400 | 408 | 413 | 415;
  readonly title: string;
}

/** A body as it was sent and as it was understood. */
export interface JsonBody {
  readonly text: string;
  readonly object: JsonObject;
}

export function isRefusal(read: JsonBody | BodyRefusal): read is BodyRefusal {
  return "status" in read;
}

/**
 * Reads a body that must be one JSON object; where it may be left out, none is an empty one.
 *
 * @throws AppError invalid for another JSON value
 */
export async function readJsonObject(
  request: Request,
  isOptional = false,
): Promise<JsonBody | BodyRefusal> {
  const isUntyped = isOptional && request.headers.get("content-type") === null;
  if (!isUntyped && !hasContentType(request, "application/json")) return NOT_JSON;
  const text = await readText(request);
  if (typeof text !== "string") return text;
  if (isOptional && text === "") return { text, object: new Map() };
  if (isUntyped) return NOT_JSON;
  try {
    const object = parseJson(text);
    if (isJsonObject(object)) return { text, object };
    throw new AppError("invalid", "The body has to be a JSON object", { path: "" });
  } catch (error) {
    if (error instanceof JsonSyntaxError) {
      return { status: 400, title: `The body is not JSON: ${error.message}` };
    }
    throw error;
  }
}

/** Tells whether a request says that its body is of a type, whatever parameters follow. */
export function hasContentType(request: Request, type: string): boolean {
  const shown = request.headers.get("content-type")?.split(";", 1)[0];
  return shown?.trim().toLowerCase() === type;
}

/**
 * The same value in plain objects and arrays, for checks against a schema: objects without a
 * prototype, so that no name in them means anything else. Large integers stay `bigint`.
 */
export function toPlainJson(value: JsonValue): unknown {
  if (isJsonArray(value)) return value.map(toPlainJson);
  if (!isJsonObject(value)) return value;
  const plain: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of value) plain[name] = toPlainJson(member);
  return plain;
}

async function readText(request: Request): Promise<string | BodyRefusal> {
  const tooLarge = {
    status: 413,
    title: `The body has to be smaller than ${MAX_BODY_BYTES / 1024} KiB`,
  } as const;
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) return tooLarge;
  if (request.body === null) return "";
  const reader = request.body.getReader();
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), BODY_TIMEOUT_MS);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- a stream is read piece by piece
      const piece = await Promise.race([reader.read(), late.promise]);
      if (piece === "late") return { status: 408, title: "The body did not arrive in time" };
      if (piece.done) break;
      size += piece.value.byteLength;
      if (size > MAX_BODY_BYTES) return tooLarge;
      chunks.push(piece.value);
    }
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    return { status: 400, title: "The body is not UTF-8, or did not arrive whole" };
  } finally {
    clearTimeout(timer);
    void reader.cancel().catch(() => undefined);
  }
}
