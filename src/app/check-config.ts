/** Looks at what a configuration leads to, without starting anything: the files it names. */
import { readFileSync } from "node:fs";
import { ConfigError, type Config, type ConfigProblem } from "../config/load.ts";
import { parseDecryptionKeys } from "../core/jwks/decryption-key.ts";
import { KeySetError } from "../core/jwks/key-list.ts";
import { listKeySources } from "./key-sources.ts";

/** @throws ConfigError with every problem of the files */
export function checkConfig(config: Config): void {
  const problems: ConfigProblem[] = [];
  for (const source of listKeySources(config)) {
    if (source.kind === "file" && !isReadable(source.path)) {
      problems.push({ key: "JWT_JWKS_FILE", message: `${source.path} cannot be read` });
    }
  }
  const { decryptFile } = config.settings;
  if (decryptFile !== undefined) {
    const problem = problemOfDecryptionKeys(decryptFile);
    if (problem !== undefined) problems.push({ key: "JWT_DECRYPT_FILE", message: problem });
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

function isReadable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

function problemOfDecryptionKeys(path: string): string | undefined {
  if (!isReadable(path)) return `${path} cannot be read`;
  try {
    parseDecryptionKeys(readFileSync(path, "utf8"));
    return undefined;
  } catch (error) {
    if (error instanceof KeySetError) return error.message;
    throw error;
  }
}
