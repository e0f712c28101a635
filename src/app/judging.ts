/** Wires everything that a verdict depends on, and notes when any of it changes. */
import { createHash } from "node:crypto";
import type { Config } from "../config/load.ts";
import type { DecryptionKey } from "../core/jwks/decryption-key.ts";
import type { KeyRing } from "../core/jwks/key-ring.ts";
import type { RevocationIndex } from "../core/revocation/store.ts";
import { tokenDigest } from "../core/revocation/token-digest.ts";
import { createJudge, type Judge } from "../core/token/judge.ts";
import type { PolicySet } from "../core/token/policy.ts";
import { readDecryptionKeys } from "./decryption-keys.ts";
import { createPolicies } from "./policies.ts";

export interface Judging {
  readonly judge: Judge;
  readonly policies: PolicySet;
  readonly decryptionKeys: readonly DecryptionKey[];
  /** What they were parsed from: other threads judge by this reading of the file, not by one of their own. */
  readonly decryptionKeysText: string | undefined;
}

/** Enough for what is asked about again: another thread, a verdict that ended, a second HAProxy. */
export const REMEMBERED_TOKENS = 20_000;

/** Makes the judge of one configuration. @throws ConfigError where the decryption keys cannot be read */
export function createJudging(
  config: Config,
  ring: () => KeyRing,
  index: RevocationIndex,
  nowSeconds: () => number,
): Judging {
  const policies = createPolicies(config.settings, config.issuers);
  const { keys: decryptionKeys, text } = readDecryptionKeys(config.settings.decryptFile);
  const judge = createJudge({
    ring,
    decryptionKeys: () => decryptionKeys,
    policies: () => policies,
    findRevocation: (claims, subjects, issuer, now, claimsText) =>
      index.findMatch(claims, subjects, issuer, now, () => tokenDigest(claimsText)),
    nowSeconds,
    maxTokenBytes: config.settings.maxTokenBytes,
    rememberedTokens: REMEMBERED_TOKENS,
  });
  return { judge, policies, decryptionKeys, decryptionKeysText: text };
}

/** One line for each thing that may have let a token pass: taken away, earlier verdicts no longer hold. */
export function grounds(
  ring: KeyRing,
  judging: Pick<Judging, "policies" | "decryptionKeys">,
): ReadonlySet<string> {
  const keys = ring.keys.map(({ thumbprint, kid, algorithms, issuer }) =>
    hash(["verify", thumbprint, kid, [...algorithms].toSorted((a, b) => (a < b ? -1 : 1)), issuer]),
  );
  const decryption = judging.decryptionKeys.map(({ material, kid, declaredAlg, issuer }) =>
    hash(["decrypt", material.export({ format: "jwk" }), kid, declaredAlg, issuer]),
  );
  const policies = hash([
    "policies",
    plain(judging.policies.common),
    [...judging.policies.byIssuer].map(plain),
  ]);
  return new Set([...keys, ...decryption, policies]);
}

/** The ring's identity, for those who keep keys of their own. */
export function fingerprintOf(ring: KeyRing): string {
  return hash(ring.keys.map(({ thumbprint, kid, issuer }) => [thumbprint, kid, issuer]));
}

function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) =>
      inner instanceof Set ? [...inner].map(String).toSorted((a, b) => (a < b ? -1 : 1)) : inner,
    ),
  );
}

function hash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("base64url");
}
