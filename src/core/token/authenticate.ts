/** Finds out whether a token is authentic: which key signed it, or which secret opened it. Claims are not judged here. */
import type { DecryptionKey } from "../jwks/decryption-key.ts";
import type { KeyRing } from "../jwks/key-ring.ts";
import type { VerificationKey } from "../jwks/verification-key.ts";
import type { ParsedObject } from "../json-parse.ts";
import { JWS_ALGORITHMS } from "./algorithms.ts";
import type { Authenticated } from "./authentic-cache.ts";
import { isStateless, subjectsOf } from "./claims.ts";
import { parseClaims, parseCompact, type CompactJwe, type CompactJws } from "./compact.ts";
import { openJwe } from "./jwe.ts";
import { policyFor, type Policy, type PolicySet } from "./policy.ts";
import type { Detail } from "./reason.ts";
import { isSignedBy } from "./signature.ts";
import type { AuthenticToken } from "./verdict.ts";

/** The keys and policies in force at one moment. */
export interface Grounds {
  readonly ring: KeyRing;
  readonly decryptionKeys: readonly DecryptionKey[];
  readonly policies: PolicySet;
}

/**
 * Authenticates a JWS.
 *
 * @param verifiedWith thumbprint of the key with which a trusted verifier has verified it already; it
 *   counts only for a key that is in the ring for this token
 */
export function authenticateJws(
  jws: CompactJws,
  verifiedWith: string | undefined,
  grounds: Grounds,
  jweHeaderText?: string,
): Authenticated | Detail {
  const { claims, header } = jws;
  const issuer = claims === undefined ? undefined : issuerOf(claims.parsed);
  const policy = policyFor(grounds.policies, issuer);
  const key = findSigningKey(jws, issuer, verifiedWith, policy, grounds.ring);
  if (typeof key === "string") return key;
  if (claims === undefined) return "malformed";
  const token = toToken(claims.parsed, claims.text, policy, { jweHeaderText, header, key });
  return { token, typ: header.typ };
}

/**
 * Authenticates a JWE: opened by a shared secret, or holding a JWS that is authentic itself. A key that is bound
 * to an issuer opens that issuer's tokens alone.
 */
export async function authenticateJwe(
  jwe: CompactJwe,
  grounds: Grounds,
  maxTokenBytes: number,
): Promise<Authenticated | Detail> {
  const opened = await openJwe(jwe, grounds.decryptionKeys);
  if (typeof opened === "string") return opened;
  const { header } = jwe;
  if (opened.kind === "nested") {
    const inner = parseCompact(opened.token, maxTokenBytes);
    if (typeof inner === "string") return inner;
    // One envelope is enough; a second one is an attempt at something.
    if (inner.kind !== "jws") return "malformed";
    const outcome = authenticateJws(inner, undefined, grounds, header.text);
    if (typeof outcome === "string") return outcome;
    return isOfIssuer(outcome.token.issuer, opened.issuer) ? outcome : "unknown_key";
  }
  const claims = parseClaims(opened.text);
  if (claims === undefined) return "malformed";
  const issuer = issuerOf(claims);
  const policy = policyFor(grounds.policies, issuer);
  // Here the encryption stands for the signature, so the list of what may prove a token holds for it too.
  if (policy.algorithms?.has(header.alg) === false) return "algorithm";
  if (!isOfIssuer(issuer, opened.issuer)) return "unknown_key";
  const origin = { jweHeaderText: header.text, header, key: undefined };
  return { token: toToken(claims, opened.text, policy, origin), typ: header.typ };
}

/** Finds the key under which the signature holds, or the detail of the refusal. */
function findSigningKey(
  jws: CompactJws,
  issuer: string | undefined,
  verifiedWith: string | undefined,
  policy: Policy,
  ring: KeyRing,
): VerificationKey | Detail {
  const { alg, kid } = jws.header;
  if (!JWS_ALGORITHMS.has(alg) || policy.algorithms?.has(alg) === false) return "algorithm";
  const candidates = ring.candidates({ alg, kid, issuer });
  if (typeof candidates === "string") return candidates;
  const vouched = candidates.find((key) => key.thumbprint === verifiedWith);
  if (vouched !== undefined) return vouched;
  const holds = (key: VerificationKey) =>
    isSignedBy(key.material, alg, jws.signingInput, jws.signature);
  return candidates.find(holds) ?? "signature";
}

function toToken(
  claims: ParsedObject,
  claimsText: string,
  policy: Policy,
  origin: {
    readonly jweHeaderText: string | undefined;
    readonly header: { readonly alg: string; readonly kid: string | undefined };
    readonly key: VerificationKey | undefined;
  },
): AuthenticToken {
  return {
    claimsText,
    claims,
    isStateless: isStateless(claims.object),
    subjects: subjectsOf(claims.object, policy.subjectClaims),
    issuer: issuerOf(claims),
    jweHeaderText: origin.jweHeaderText,
    alg: origin.header.alg,
    kid: origin.header.kid,
    keyThumbprint: origin.key?.thumbprint,
    keySource: origin.key?.source,
  };
}

function isOfIssuer(issuer: string | undefined, bound: string | undefined): boolean {
  return bound === undefined || bound === issuer;
}

function issuerOf(claims: ParsedObject): string | undefined {
  const iss = claims.object.get("iss");
  return typeof iss === "string" ? iss : undefined;
}
