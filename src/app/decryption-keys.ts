/** Reads the file with the keys that decrypt JWE. */
import { readFileSync } from "node:fs";
import { ConfigError } from "../config/load.ts";
import { parseDecryptionKeys, type DecryptionKey } from "../core/jwks/decryption-key.ts";
import { KeySetError } from "../core/jwks/key-list.ts";

/** The keys of the file; none without one. @throws ConfigError where it cannot be read */
export function readDecryptionKeys(path: string | undefined): readonly DecryptionKey[] {
  if (path === undefined) return [];
  try {
    return parseDecryptionKeys(readFileSync(path, "utf8"));
  } catch (error) {
    const why =
      error instanceof KeySetError ? `${path}: ${error.message}` : `${path} cannot be read`;
    throw new ConfigError([{ key: "JWT_DECRYPT_FILE", message: why }]);
  }
}
