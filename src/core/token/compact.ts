/** Takes a compact token apart (RFC 7515 §7.1, RFC 7516 §7.1) without believing a word of it. */
import type { JsonObject } from "../json.ts";
import { JsonSyntaxError, parseJsonObject, type ParsedObject } from "../json-parse.ts";
import { decodeBase64url, isBase64url } from "./base64url.ts";
import type { Detail } from "./reason.ts";

/** The protected header, read for what it may decide: which algorithm, which key, what kind of content. */
export interface ProtectedHeader {
  readonly text: string;
  readonly members: JsonObject;
  readonly alg: string;
  readonly kid: string | undefined;
  readonly typ: string | undefined;
  readonly cty: string | undefined;
}

export interface CompactJws {
  readonly kind: "jws";
  readonly header: ProtectedHeader;
  /** The bytes that were signed: `header.payload`, ASCII. */
  readonly signingInput: string;
  /** Undefined where the payload is no claim set: that is told only once the signature holds. */
  readonly claims: { readonly text: string; readonly parsed: ParsedObject } | undefined;
  readonly signature: Uint8Array;
}

export interface CompactJwe {
  readonly kind: "jwe";
  readonly header: ProtectedHeader;
  readonly compact: string;
  readonly enc: string;
}

export type Compact = CompactJws | CompactJwe;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Takes a token apart; the detail of its refusal where it is not a JWS or JWE in compact form.
 *
 * @param readHeader one that remembers, where many tokens are read
 */
export function parseCompact(
  token: string,
  maxBytes: number,
  readHeader: ReadHeader = parseHeader,
): Compact | Detail {
  if (token.length > maxBytes) return "too_large";
  const parts = token.split(".", 6);
  if (parts.length === 3) return parseJws(token, parts, readHeader);
  if (parts.length === 5) return parseJwe(token, parts, readHeader);
  return "malformed";
}

/**
 * Tells whether a text is meant for a token, a broken one or one with `Bearer` before it included: what
 * stands before its first dot is a header. Ids may hold dots as well.
 */
export function isMeantAsToken(text: string): boolean {
  const part = /([\w-]+)\./.exec(text)?.[1];
  const header = part === undefined ? undefined : decodeText(part);
  return header !== undefined && parseObject(header) !== undefined;
}

/** Reads a protected header from its base64url; undefined where it is none. */
export type ReadHeader = (part: string) => ProtectedHeader | undefined;

const MAX_REMEMBERED = 256;
const MAX_REMEMBERED_LENGTH = 512;

/**
 * Makes a reader that remembers: the tokens of one key have one header. Outsiders choose headers, so
 * few and short ones are kept, and all are forgotten when there are too many.
 */
export function createHeaderReader(): ReadHeader {
  const known = new Map<string, ProtectedHeader>();
  return (part) => {
    const found = known.get(part);
    if (found !== undefined) return found;
    const header = parseHeader(part);
    if (header !== undefined && part.length <= MAX_REMEMBERED_LENGTH) {
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(part, header);
    }
    return header;
  };
}

function parseJws(
  token: string,
  parts: readonly string[],
  readHeader: ReadHeader,
): CompactJws | Detail {
  const [headerPart = "", payloadPart = "", signaturePart = ""] = parts;
  const header = readHeader(headerPart);
  if (header === undefined) return "malformed";
  const payload = decodeBase64url(payloadPart);
  const signature = decodeBase64url(signaturePart);
  if (payload === undefined || signature === undefined) return "malformed";
  // `enc` says that the header's author had a JWE in mind (RFC 7516 §9): refuse the confusion.
  if (header.members.has("enc")) return "malformed";
  const text = decodeUtf8(payload);
  const parsed = text === undefined ? undefined : parseClaims(text);
  const claims = text === undefined || parsed === undefined ? undefined : { text, parsed };
  const signingInput = token.slice(0, headerPart.length + 1 + payloadPart.length);
  return { kind: "jws", header, signingInput, claims, signature };
}

function parseJwe(
  token: string,
  parts: readonly string[],
  readHeader: ReadHeader,
): CompactJwe | Detail {
  const [headerPart = "", keyPart = "", ivPart = "", textPart = "", tagPart = ""] = parts;
  const header = readHeader(headerPart);
  if (header === undefined || ![keyPart, ivPart, textPart, tagPart].every(isBase64url)) {
    return "malformed";
  }
  const enc = header.members.get("enc");
  if (typeof enc !== "string") return "malformed";
  return { kind: "jwe", header, compact: token, enc };
}

/**
 * Reads a claim set; undefined where it is not one JSON object, or holds DEL: the one control character
 * that JSON lets stand in a string and an HTTP field value does not (RFC 9110 §5.5).
 */
export function parseClaims(text: string): ParsedObject | undefined {
  return text.includes("\u007f") ? undefined : parseObject(text);
}

/** Decodes bytes that must be UTF-8 without replacement; undefined where they are not. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}

function decodeText(part: string): string | undefined {
  const bytes = decodeBase64url(part);
  return bytes === undefined ? undefined : decodeUtf8(bytes);
}

function parseObject(text: string): ParsedObject | undefined {
  try {
    return parseJsonObject(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return undefined;
    throw error;
  }
}

function parseHeader(part: string): ProtectedHeader | undefined {
  const text = decodeText(part);
  const parsed = text === undefined || text.includes("\u007f") ? undefined : parseObject(text);
  if (text === undefined || parsed === undefined) return undefined;
  const members = parsed.object;
  // No extension is understood, so none may be critical (RFC 7515 §4.1.11); b64 is one (RFC 7797).
  if (members.has("crit") || members.has("b64")) return undefined;
  const alg = members.get("alg");
  const kid = members.get("kid");
  const typ = members.get("typ");
  const cty = members.get("cty");
  if (typeof alg !== "string" || !isOptionalString(kid)) return undefined;
  if (!isOptionalString(typ) || !isOptionalString(cty)) return undefined;
  return { text, members, alg, kid, typ, cty };
}

function isOptionalString(value: unknown): value is string | undefined {
  return value === undefined || typeof value === "string";
}
