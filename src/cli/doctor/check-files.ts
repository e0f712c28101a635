/** Looks at the files: who may read them. */
import { statSync } from "node:fs";
import type { Config } from "../../config/load.ts";
import { doubtful, well, wrong, type Finding } from "./finding.ts";

/** Where `install` puts the secret that HAProxy shares with the server. */
const INSTALLED_VERIFIER_KEY = "/etc/haproxy-jwt/verifier.key";

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
  const mode = modeOf(INSTALLED_VERIFIER_KEY);
  if (mode === undefined) {
    const advice = `haproxy-jwt install makes ${INSTALLED_VERIFIER_KEY}, which both sides read.`;
    return [
      doubtful(
        what,
        "HAProxy and the server share none: no lease, verdicts live by their time",
        advice,
      ),
    ];
  }
  if ((mode & 0o007) !== 0) {
    return [
      wrong(
        what,
        `${INSTALLED_VERIFIER_KEY} is open to everybody`,
        `chmod 0640 ${INSTALLED_VERIFIER_KEY}`,
      ),
    ];
  }
  return [well(what, `${INSTALLED_VERIFIER_KEY} is there`)];
}

function modeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mode;
}
