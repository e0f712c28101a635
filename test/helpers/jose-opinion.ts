/** What jose says of a token: an opinion of somebody who shares no code with HAProxy's side, and knows no policy. */
import { compactDecrypt, compactVerify, importJWK, type JWK } from "jose";
import type { DecryptionKey } from "./decryption-keys.ts";
import type { SigningKey } from "./signing-keys.ts";

/** Whether a signature or a tag holds under one of the keys. */
export type JoseAccepts = (token: string) => Promise<boolean>;

/** Imports the keys once, each for its own algorithm. */
export async function createJoseOpinion(
  signing: readonly SigningKey[],
  decrypting: readonly DecryptionKey[],
): Promise<JoseAccepts> {
  const checks = await Promise.all([
    ...signing.map(async ({ alg, jwk }) => {
      const key = await importJWK(toJwk(jwk), alg);
      return (token: string) => compactVerify(token, key, { algorithms: [alg] });
    }),
    ...decrypting.map(async ({ alg, jwk }) => {
      const key = await importJWK(toJwk(jwk), alg);
      return (token: string) => compactDecrypt(token, key, { keyManagementAlgorithms: [alg] });
    }),
  ]);
  return async (token) => {
    for (const check of checks) {
      const holds = await check(token).then(
        () => true,
        () => false,
      );
      if (holds) return true;
    }
    return false;
  };
}

function toJwk(members: Readonly<Record<string, unknown>>): JWK {
  return { ...members };
}
