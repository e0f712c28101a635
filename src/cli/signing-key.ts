/** Reads a key that tokens can be signed with, from a file the user names. */
import { createPrivateKey, createSecretKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { AppError } from "../core/app-error.ts";
import { JsonSyntaxError, parseJson } from "../core/json-parse.ts";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { isJsonArray, isJsonObject, jsonText } from "../core/revocation/json-text.ts";

export interface SigningKey {
  readonly material: KeyObject;
  readonly kid: string | undefined;
  /** What the file declares. */
  readonly alg: string | undefined;
}

/**
 * Reads the file: a PEM with a private key, a JWK, a set of them, or the seed's list with a secret.
 *
 * @param kid which one, where there are several
 * @throws AppError usage, never quoting the file
 */
export async function readSigningKey(path: string, kid: string | undefined): Promise<SigningKey> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new AppError("unavailable", `${path} cannot be read`, { cause });
  });
  // The seed's list has PEM inside, but is JSON.
  if (text.trimStart().startsWith("-----BEGIN")) {
    return { material: toMaterial(() => createPrivateKey(text), path), kid, alg: undefined };
  }
  const usable = entriesOf(parse(text, path)).filter(isUsable);
  const named = kid === undefined ? usable : usable.filter((entry) => entry.get("kid") === kid);
  const [entry] = named;
  if (entry === undefined || named.length > 1) {
    const found = usable.map((one) => textOf(one, "kid") ?? "one without kid").join(", ");
    throw new AppError(
      "usage",
      usable.length === 0
        ? `${path} holds no secret and no private key to sign with`
        : `Say which key with --kid: ${path} has ${found}`,
    );
  }
  const secret = entry.get("secret");
  const material =
    typeof secret === "string"
      ? createSecretKey(Buffer.from(secret, "utf8"))
      : toMaterial(() => importJwk(entry), path);
  return { material, kid: textOf(entry, "kid"), alg: textOf(entry, "alg") };
}

function parse(text: string, path: string): JsonValue {
  try {
    return parseJson(text);
  } catch (cause) {
    if (!(cause instanceof JsonSyntaxError)) throw cause;
    throw new AppError("usage", `${path} is neither PEM nor JSON`, { cause });
  }
}

function entriesOf(value: JsonValue): readonly JsonObject[] {
  const keys = isJsonObject(value) ? (value.get("keys") ?? [value]) : value;
  return isJsonArray(keys) ? keys.filter(isJsonObject) : [];
}

function isUsable(entry: JsonObject): boolean {
  if (typeof entry.get("secret") === "string") return true;
  return entry.get("kty") === "oct" ? entry.has("k") : entry.has("d");
}

function importJwk(entry: JsonObject): KeyObject {
  const k = entry.get("k");
  if (entry.get("kty") === "oct" && typeof k === "string") {
    return createSecretKey(Buffer.from(k, "base64url"));
  }
  const key = parseJwk(jsonText(entry));
  return createPrivateKey({ key, format: "jwk" });
}

function toMaterial(read: () => KeyObject, path: string): KeyObject {
  try {
    return read();
  } catch (cause) {
    throw new AppError("usage", `${path} holds no private key that can be read`, { cause });
  }
}

function textOf(entry: JsonObject, name: string): string | undefined {
  const value = entry.get(name);
  return typeof value === "string" ? value : undefined;
}

function parseJwk(text: string): JsonWebKey {
  return JSON.parse(text) as JsonWebKey;
}
