/** Judges a token from its bytes to its verdict: the whole chain, in one order, refused until the last line. */
import type { KeyRing } from "../jwks/key-ring.ts";
import type { VerificationKey } from "../jwks/verification-key.ts";
import type { DecryptionKey } from "../jwks/decryption-key.ts";
import type { JsonObject } from "../json.ts";
import { checkClaims, endOfValidity, isStateless, subjectsOf } from "./claims.ts";
import { JWS_ALGORITHMS } from "./algorithms.ts";
import { parseClaims, parseCompact, type CompactJwe, type CompactJws } from "./compact.ts";
import { openJwe } from "./jwe.ts";
import { policyFor, type Policy, type PolicySet } from "./policy.ts";
import type { Detail } from "./reason.ts";
import { isSignedBy } from "./signature.ts";
import { refused, type AuthenticToken, type Verdict } from "./verdict.ts";

/** Finds the active rule that refuses a token; may throw where the rules cannot be read: the token is refused. */
export type FindRevocation = (
  claims: JsonObject,
  subjects: readonly string[],
  issuer: string | undefined,
  nowSeconds: number,
) => { readonly ruleId: number } | undefined;

/** Everything judging looks at. The getters are asked anew for each token, so that a change counts at once. */
export interface JudgeSources {
  readonly ring: () => KeyRing;
  readonly decryptionKeys: () => readonly DecryptionKey[];
  readonly policies: () => PolicySet;
  readonly findRevocation: FindRevocation;
  /** Unix time in seconds, with its fraction. */
  readonly nowSeconds: () => number;
  /** Longer tokens are refused, in bytes. */
  readonly maxTokenBytes: number;
}

export interface JudgeOptions {
  /**
   * RFC 7638 thumbprint of the key with which an authenticated verifier has already verified the
   * signature. It spares that one step, and only while the key is in the ring for this token.
   */
  readonly verifiedWith?: string | undefined;
}

export type Judge = (token: string, options?: JudgeOptions) => Verdict | Promise<Verdict>;

/** Makes the judge. A JWS is judged synchronously; a JWE is not, because decryption is not. */
export function createJudge(sources: JudgeSources): Judge {
  return (token, options = {}) => {
    if (token === "") return refused("missing");
    const compact = parseCompact(token, sources.maxTokenBytes);
    if (typeof compact === "string") return refused(compact);
    if (compact.kind === "jws") return judgeJws(compact, undefined, options.verifiedWith, sources);
    return judgeJwe(compact, sources);
  };
}

function judgeJws(
  jws: CompactJws,
  jweHeaderText: string | undefined,
  verifiedWith: string | undefined,
  sources: JudgeSources,
): Verdict {
  const claims = jws.claims.object;
  const iss = claims.get("iss");
  const issuer = typeof iss === "string" ? iss : undefined;
  const policy = policyFor(sources.policies(), issuer);
  const key = findSigningKey(jws, issuer, verifiedWith, policy, sources);
  if (typeof key === "string") return refused(key);
  const { claimsText, header } = jws;
  const token = authentic(jws.claims, claimsText, policy, { jweHeaderText, header, key });
  return judgeClaims(token, header.typ, policy, sources);
}

async function judgeJwe(jwe: CompactJwe, sources: JudgeSources): Promise<Verdict> {
  const opened = await openJwe(jwe, sources.decryptionKeys());
  if (typeof opened === "string") return refused(opened);
  const { header } = jwe;
  if (opened.kind === "nested") {
    const inner = parseCompact(opened.token, sources.maxTokenBytes);
    if (typeof inner === "string") return refused(inner);
    // One envelope is enough; a second one is an attempt at something.
    if (inner.kind !== "jws") return refused("malformed");
    return judgeJws(inner, header.text, undefined, sources);
  }
  const claims = parseClaims(opened.text);
  if (claims === undefined) return refused("malformed");
  const iss = claims.object.get("iss");
  const policy = policyFor(sources.policies(), typeof iss === "string" ? iss : undefined);
  const token = authentic(claims, opened.text, policy, {
    jweHeaderText: header.text,
    header,
    key: undefined,
  });
  return judgeClaims(token, header.typ, policy, sources);
}

/** Finds the key under which the signature holds, or the detail of the refusal. */
function findSigningKey(
  jws: CompactJws,
  issuer: string | undefined,
  verifiedWith: string | undefined,
  policy: Policy,
  sources: JudgeSources,
): VerificationKey | Detail {
  const { alg, kid } = jws.header;
  if (!JWS_ALGORITHMS.has(alg) || policy.algorithms?.has(alg) === false) return "algorithm";
  const candidates = sources.ring().candidates({ alg, kid, issuer });
  if (typeof candidates === "string") return candidates;
  const vouched = candidates.find((key) => key.thumbprint === verifiedWith);
  if (vouched !== undefined) return vouched;
  const holds = (key: VerificationKey) =>
    isSignedBy(key.material, alg, jws.signingInput, jws.signature);
  return candidates.find(holds) ?? "signature";
}

function authentic(
  claims: AuthenticToken["claims"],
  claimsText: string,
  policy: Policy,
  origin: {
    readonly jweHeaderText: string | undefined;
    readonly header: { readonly alg: string; readonly kid: string | undefined };
    readonly key: VerificationKey | undefined;
  },
): AuthenticToken {
  const iss = claims.object.get("iss");
  return {
    claimsText,
    claims,
    isStateless: isStateless(claims.object),
    subjects: subjectsOf(claims.object, policy.subjectClaims),
    issuer: typeof iss === "string" ? iss : undefined,
    jweHeaderText: origin.jweHeaderText,
    alg: origin.header.alg,
    kid: origin.header.kid,
    keyThumbprint: origin.key?.thumbprint,
    keySource: origin.key?.source,
  };
}

function judgeClaims(
  token: AuthenticToken,
  typ: string | undefined,
  policy: Policy,
  sources: JudgeSources,
): Verdict {
  const claims = token.claims.object;
  const nowSeconds = sources.nowSeconds();
  const refusal = checkClaims(claims, typ, policy, nowSeconds);
  if (refusal !== undefined) return refused(refusal, token);
  const rule = sources.findRevocation(claims, token.subjects, token.issuer, nowSeconds);
  if (rule !== undefined) return refused("revoked", token, rule.ruleId);
  return { isValid: true, token, untilSeconds: endOfValidity(claims, policy) };
}
