/** Takes a key file's text apart into its entries, whatever the form; what a key must be is not judged here. */
import type { JsonObject, JsonValue } from "../json.ts";
import { JsonSyntaxError, parseJson } from "../json-parse.ts";
import { isJsonObject } from "../revocation/json-text.ts";

/** The text holds no keys in a form that is known. Never quotes the text. */
export class KeySetError extends Error {
  override readonly name = "KeySetError";
}

/**
 * The entries of a list of keys, of an RFC 7517 set (§5), or of one JWK that stands alone.
 *
 * @throws KeySetError where the text is none of these
 */
export function parseKeyList(text: string): readonly JsonObject[] {
  const document = parseDocument(text);
  if (isJsonObject(document) && document.has("kty")) return [document];
  const list = isJsonObject(document) ? document.get("keys") : document;
  if (!Array.isArray(list)) {
    throw new KeySetError('neither a list of keys, nor an object with "keys", nor a JWK');
  }
  return list.map((entry: JsonValue) => {
    if (isJsonObject(entry)) return entry;
    throw new KeySetError("a key is not an object");
  });
}

function parseDocument(text: string): JsonValue {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new KeySetError(`not JSON: ${error.message}`);
    throw error;
  }
}
