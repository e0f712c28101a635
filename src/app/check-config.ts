/** Looks at what a configuration leads to, without starting anything: the files it names. */
import {
  ConfigError,
  readConfig,
  toConfig,
  type Config,
  type ConfigInput,
  type ConfigProblem,
  type Reading,
} from "../config/load.ts";
import { findUnknownVariables } from "../config/unknown-variables.ts";
import { KeySource, type KeySourceSpec } from "../jwks/key-source.ts";
import { readDecryptionKeys } from "./decryption-keys.ts";
import { listKeySources } from "./key-sources.ts";
import { INSTALLED_VERIFIER_KEY, readVerifierKeys } from "./verifier-key-file.ts";
import { FETCH_TIMEOUT_MS, MAX_KEY_SET_BYTES } from "./key-sync.ts";

/**
 * The configuration that a server starts with. A key file may still be on its way: the server warns,
 * and reads it again.
 *
 * @throws ConfigError with every problem of the settings, the decryption keys and the verifier key
 */
export function loadForServer(input: ConfigInput): Config {
  const reading = readConfig(input);
  return toConfig(reading, [
    ...problemsOfDecryption(reading),
    ...problemsOfInstalledKey(reading, INSTALLED_VERIFIER_KEY),
  ]);
}

/**
 * Looks at everything that can be looked at.
 *
 * @returns what is wrong with single keys, and variables that nobody reads, a sentence each
 * @throws ConfigError with every problem of settings and files
 */
export async function checkConfig(
  input: ConfigInput,
  installedKey: string = INSTALLED_VERIFIER_KEY,
): Promise<readonly string[]> {
  const reading = readConfig(input);
  const { allowShortSecrets } = reading.values;
  const files = await Promise.all(
    listKeySources(reading.values, reading.issuers)
      .filter((spec) => spec.kind === "file")
      .map((spec) => checkKeyFile(spec, allowShortSecrets)),
  );
  const problems = files.flatMap(({ problem }) => problem ?? []);
  toConfig(reading, [
    ...problemsOfDecryption(reading),
    ...problemsOfInstalledKey(reading, installedKey),
    ...problems,
  ]);
  const mistyped = findUnknownVariables(input.environment).map(
    (name) => `${name} is no setting, neither of the server nor of HAProxy's side`,
  );
  return [...mistyped, ...files.flatMap(({ warnings }) => warnings)];
}

interface CheckedFile {
  readonly problem?: ConfigProblem;
  readonly warnings: readonly string[];
}

/** @param allowShortSecrets undefined where nobody can say: then that they are short is no fault */
async function checkKeyFile(
  spec: KeySourceSpec & { kind: "file" },
  allowShortSecrets = true,
): Promise<CheckedFile> {
  const source = new KeySource(spec, {
    allowShortSecrets,
    timeoutMs: FETCH_TIMEOUT_MS,
    maxBytes: MAX_KEY_SET_BYTES,
    lastGood: { read: async () => undefined, write: async () => undefined },
    nowSeconds: () => 0,
  });
  await source.refresh();
  const { set, error, name } = source.state;
  const problems = set?.problems ?? [];
  if (set !== undefined && set.keys.length > 0) {
    return { warnings: problems.map((problem) => `${name}: ${problem}`) };
  }
  const why = error ?? ["it holds no key that can be used", ...problems].join("; ");
  const key = spec.issuer === undefined ? "JWT_JWKS_FILE" : "issuers";
  return { problem: { key, message: `${name}: ${why}` }, warnings: [] };
}

function problemsOfDecryption({ values }: Reading): readonly ConfigProblem[] {
  return problemsOf(() => readDecryptionKeys(values.decryptFile));
}

/** It counts only where no other is configured. */
function problemsOfInstalledKey({ values }: Reading, path: string): readonly ConfigProblem[] {
  return values.verifierKey?.length === 0 ? problemsOf(() => readVerifierKeys(path)) : [];
}

function problemsOf(read: () => unknown): readonly ConfigProblem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
