/** Reads the file with the keys that decrypt JWE. */
import { readFileSync } from "node:fs";
import { ConfigError } from "../config/load.ts";
import { parseDecryptionKeys, type DecryptionKey } from "../core/jwks/decryption-key.ts";
import { KeySetError } from "../core/jwks/key-list.ts";

/** What the file held when it was read. */
export interface Decryption {
  readonly keys: readonly DecryptionKey[];
  /** Its text, for other threads to parse; it holds secrets. Undefined without a file. */
  readonly text: string | undefined;
}

/** The keys of the file; none without one. @throws ConfigError where it cannot be read */
export function readDecryptionKeys(path: string | undefined): Decryption {
  if (path === undefined) return { keys: [], text: undefined };
  try {
    const text = readFileSync(path, "utf8");
    return { keys: parseDecryptionKeys(text), text };
  } catch (error) {
    const why =
      error instanceof KeySetError ? `${path}: ${error.message}` : `${path} cannot be read`;
    throw new ConfigError([{ key: "JWT_DECRYPT_FILE", message: why }]);
  }
}
