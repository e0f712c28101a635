/** Writes the ring for others: the seed's list and an RFC 7517 set. */
import type { KeyRing } from "./key-ring.ts";
import { publishedAlgs, type VerificationKey } from "./verification-key.ts";

/** One entry of `/keys.json`, the seed's structure plus `alg`. */
export interface SeedKey {
  readonly kid: string | undefined;
  readonly alg: string | undefined;
  readonly cert?: string;
  readonly secret?: string;
}

/**
 * The ring in the seed's structure. Secrets are in it only when asked for; one that is not UTF-8 text
 * cannot be written so and is left out.
 */
export function toSeedKeys(ring: KeyRing, withSecrets: boolean): readonly SeedKey[] {
  return ring.keys.flatMap((key): readonly SeedKey[] => {
    const { kid, declaredAlg: alg } = key;
    if (key.kty !== "oct") {
      const cert = key.material.export({ format: "pem", type: "spki" });
      return publishedAlgs(key).map((one) => ({ kid, alg: one, cert }));
    }
    const secret = withSecrets ? secretText(key) : undefined;
    return secret === undefined ? [] : [{ kid, alg, secret }];
  });
}

/** The public keys as an RFC 7517 set; HMAC secrets are never in it. */
export function toJwks(ring: KeyRing): { readonly keys: readonly Record<string, unknown>[] } {
  const publicKeys = ring.keys.filter((key) => key.kty !== "oct");
  return {
    keys: publicKeys.flatMap((key) =>
      publishedAlgs(key).map((alg) => ({
        ...key.material.export({ format: "jwk" }),
        ...(key.kid === undefined ? {} : { kid: key.kid }),
        ...(alg === undefined ? {} : { alg }),
        use: "sig",
      })),
    ),
  };
}

function secretText(key: VerificationKey): string | undefined {
  const bytes = key.material.export();
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : undefined;
}
