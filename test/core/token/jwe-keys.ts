/** A decryption key for each algorithm with each encryption, and how tokens for them are judged. */
import { JWE_ALGORITHMS, JWE_ENCRYPTIONS } from "../../../src/core/token/algorithms.ts";
import { createDecryptionKey, type DecryptionKey } from "../../helpers/decryption-keys.ts";
import { encode, mint } from "../../helpers/mint.ts";
import { createSigningKey } from "../../helpers/signing-keys.ts";
import { claims, createTestJudge, outcome, ringOf } from "./judging.ts";

export const es = createSigningKey("ES256");
export const rs = createSigningKey("RS256");
export const foreign = createSigningKey("ES256", es.kid);
export const ring = await ringOf([es.jwk, rs.jwk]);

export const pairs = [...JWE_ALGORITHMS.keys()].flatMap((alg) =>
  [...JWE_ENCRYPTIONS.keys()].map((enc) => [alg, enc] as const),
);
export const keys = new Map(
  pairs.map(([alg, enc]) => [`${alg} ${enc}`, createDecryptionKey(alg, enc)]),
);

export function keyOf(alg: string, enc: string): DecryptionKey {
  const key = keys.get(`${alg} ${enc}`);
  if (key === undefined) throw new TypeError(`${alg} ${enc}`);
  return key;
}

export function judge(key: DecryptionKey, token: string): Promise<string> {
  return outcome(createTestJudge({ ring, decryption: [key.jwk] })(token));
}

export function isShared(alg: string): boolean {
  return JWE_ALGORITHMS.get(alg)?.kty === "oct";
}

export const nested = (payload: unknown = claims(), key = es) => mint(key, payload);

/** Five parts under a header, nothing of them encrypted. */
export function fake(header: object, encryptedKey: Buffer | string = ""): string {
  return [header, encryptedKey, Buffer.alloc(12), "text", Buffer.alloc(16)].map(encode).join(".");
}
