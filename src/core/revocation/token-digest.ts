/**
 * Names a token that names itself by nothing: by the SHA-256 of its claims, byte for byte as signed.
 * Not of the whole token: an ECDSA signature has a second valid spelling, and what was encrypted to a
 * public key can be encrypted again by whoever holds the token.
 */
import { hash } from "node:crypto";
import type { JsonObject, JsonValue } from "../json.ts";
import type { Condition } from "./rule.ts";

/** The member of a rule that stands for the digest; a claim of this name is never looked at. */
export const DIGEST_MEMBER = "#sha256";

/** @param claimsText the claims as signed, or as decrypted. @returns SHA-256, lower-case hex */
export function tokenDigest(claimsText: string | Uint8Array): string {
  return hash("sha256", claimsText, "hex");
}

/** The claims as rules that name the digest see them. */
export function withDigest(claims: JsonObject, digest: string | undefined): JsonObject {
  const seen = new Map<string, JsonValue>(claims);
  if (digest === undefined) seen.delete(DIGEST_MEMBER);
  else seen.set(DIGEST_MEMBER, digest);
  return seen;
}

export function namesDigest(condition: Condition): boolean {
  return condition.members.some((member) => member.path.name === DIGEST_MEMBER);
}
