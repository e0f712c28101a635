/** Looks at the files: who may read them. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { INSTALLED_VERIFIER_KEY } from "../../app/verifier-key-file.ts";
import type { Config } from "../../config/load.ts";
import { doubtful, well, wrong, type Finding } from "./finding.ts";

export function checkFiles(config: Config): readonly Finding[] {
  const { dataDir, decryptFile, jwksFile } = config.settings;
  return [
    checkDataDir(dataDir),
    ...(decryptFile === undefined ? [] : [checkSecret("decryption keys", decryptFile)]),
    ...jwksFile.map(checkKeyFile),
    ...checkVerifierKey(config),
  ];
}

function checkDataDir(path: string): Finding {
  const what = "data folder";
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    return doubtful(what, `${path} is not there`, "The first start makes it; check JWT_DATA_DIR.");
  }
  if (!stats.isDirectory())
    return wrong(what, `${path} is no folder`, "Name another in JWT_DATA_DIR.");
  if ((stats.mode & 0o077) !== 0) {
    return wrong(what, `${path} is open to others`, `chmod 0700 ${path}`);
  }
  return well(what, `${path} is its owner's alone`);
}

function checkSecret(what: string, path: string): Finding {
  const mode = modeOf(path);
  if (mode === undefined)
    return wrong(what, `${path} cannot be read`, "Check its path and rights.");
  if ((mode & 0o007) !== 0) return wrong(what, `${path} is open to everybody`, `chmod o= ${path}`);
  return well(what, `${path} is not open to everybody`);
}

/** A set of public keys may be open to everybody; one with secrets must not, but only its content tells. */
function checkKeyFile(path: string): Finding {
  const mode = modeOf(path);
  if (mode === undefined) {
    return wrong(
      "key file",
      `${path} cannot be read`,
      "Check JWT_JWKS_FILE and the file's rights.",
    );
  }
  if ((mode & 0o002) !== 0) {
    return wrong("key file", `${path} can be written by everybody`, `chmod o-w ${path}`);
  }
  return well("key file", `${path} is there`);
}

function checkVerifierKey(config: Config): readonly Finding[] {
  const what = "verifier key";
  if (config.settings.verifierKey.length > 0) return [well(what, "it is configured")];
  // In the server's order: without an installed key it makes one of its own.
  for (const path of [INSTALLED_VERIFIER_KEY, join(config.settings.dataDir, "verifier.key")]) {
    const mode = modeOf(path);
    if (mode === undefined) continue;
    if ((mode & 0o007) === 0) return [well(what, `${path} is there`)];
    return [wrong(what, `${path} is open to everybody`, `chmod o= ${path}`)];
  }
  const advice = `haproxy-jwt install makes ${INSTALLED_VERIFIER_KEY}, which both sides read.`;
  const text = "HAProxy and the server share none: no lease, verdicts live by their time";
  return [doubtful(what, text, advice)];
}

/** Undefined where there is nothing, or nothing that this user may look at. */
function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode;
  } catch {
    return undefined;
  }
}
