/** Looks into a pasted token, in the browser only: what it says of itself, unverified. */
import { isJsonProblem, type JsonNode, parseJsonTree } from "./json-tree.ts";

/** A token taken apart. Nothing of it has been checked. */
export interface DecodedToken {
  /** The compact token without what was pasted around it. */
  readonly compact: string;
  /** A JWE's claims are encrypted: nobody but the server can read them. */
  readonly kind: "JWS" | "JWE";
  readonly header: JsonNode;
  readonly claims: JsonNode | undefined;
}

/** Longer ones are refused by every path of the product. */
const MAX_LENGTH = 65_536;

/** Takes a token apart, or says what is wrong with it in a sentence. */
export function decodeToken(pasted: string): DecodedToken | string {
  const compact = unwrap(pasted);
  if (compact === "") return "Paste a token here.";
  if (compact.length > MAX_LENGTH) return "This is longer than a token can be (64 KiB).";
  const parts = compact.split(".");
  if (parts.length !== 3 && parts.length !== 5) {
    return "This is not a token: one has three parts with dots between them, or five if it is encrypted.";
  }
  if (!/^[\w-]+(\.[\w-]*)+$/.test(compact)) {
    return "This is not a token: it has characters that no token has. Was something else copied with it?";
  }
  const header = parsePart(parts[0] ?? "");
  if (header === undefined)
    return "This is not a token: its first part cannot be read. Is its beginning missing?";
  if (parts.length === 5) return { compact, kind: "JWE", header, claims: undefined };
  const claims = parsePart(parts[1] ?? "");
  if (claims === undefined) return "The claims of this token cannot be read. Is a piece missing?";
  return { compact, kind: "JWS", header, claims };
}

/** Tells a decoded token from a sentence. */
export function isDecoded(outcome: DecodedToken | string): outcome is DecodedToken {
  return typeof outcome !== "string";
}

/** A top-level claim's text or number as it is written; undefined where it is missing or something else. */
export function claimText(node: JsonNode | undefined, name: string): string | undefined {
  if (node?.kind !== "object") return undefined;
  const value = node.members.find((member) => member.name === name)?.value;
  if (value?.kind === "string") return value.value;
  return value?.kind === "number" ? value.text : undefined;
}

/** People paste header lines, quotes and line breaks along with a token. */
function unwrap(pasted: string): string {
  return pasted
    .trim()
    .replace(/^authorization\s*:\s*/i, "")
    .replace(/^(bearer|jwt)\s+/i, "")
    .replace(/^["'`]+|["'`,;\s]+$/g, "")
    .replace(/\s+/g, "");
}

function parsePart(part: string): JsonNode | undefined {
  try {
    const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const node = parseJsonTree(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isJsonProblem(node) || node.kind !== "object" ? undefined : node;
  } catch {
    return undefined;
  }
}
