/** Reads a key source's text: the seed's list or an RFC 7517 set, with the policy on what a key must be. */
import type { JsonObject } from "../json.ts";
import { importKey, KeyRefusal } from "./import-key.ts";
import { KeySetError, parseKeyList } from "./key-list.ts";
import { identityOf, type VerificationKey } from "./verification-key.ts";

export interface KeySetOptions {
  /** Named in every key and problem. */
  readonly source: string;
  /** Binds every key to tokens of this `iss`. */
  readonly issuer: string | undefined;
  /** HMAC secrets shorter than their hash are taken, with a warning (RFC 7518 §3.2 forbids them). */
  readonly allowShortSecrets: boolean;
}

export interface KeySet {
  readonly keys: readonly VerificationKey[];
  /** Keys that were left out or taken with a warning, a sentence each; never their values. */
  readonly problems: readonly string[];
}

/** More keys than any issuer publishes; bounds what a hostile source can make us import. */
const MAX_KEYS = 1000;

/**
 * Parses the text of a key source: `[{kid, secret|cert, alg?}]` (the seed's), `{"keys": [JWK…]}`
 * (RFC 7517 §5) or one JWK. A key that cannot be used is left out and named in `problems`; a
 * well-formed set without any key is a set: its keys were removed.
 *
 * @throws KeySetError where the text is none of these.
 */
export async function parseKeySet(text: string, options: KeySetOptions): Promise<KeySet> {
  const entries = parseKeyList(text);
  if (entries.length > MAX_KEYS) throw new KeySetError(`more than ${MAX_KEYS} keys`);
  const keys: VerificationKey[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    try {
      const { key, warning } = await importKey(entry, options);
      if (warning !== undefined) problems.push(`${nameOf(entry, index)}: ${warning}`);
      const identity = identityOf(key);
      if (!seen.has(identity)) keys.push(key);
      seen.add(identity);
    } catch (error) {
      if (!(error instanceof KeyRefusal)) throw error;
      problems.push(`${nameOf(entry, index)}: ${error.message}`);
    }
  }
  return { keys, problems };
}

function nameOf(entry: JsonObject, index: number): string {
  const kid = entry.get("kid");
  return typeof kid === "string" && kid !== ""
    ? `key ${JSON.stringify(kid.slice(0, 80))}`
    : `key ${index + 1}`;
}
