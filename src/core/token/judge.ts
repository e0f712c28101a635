/** Judges a token from its bytes to its verdict: the whole chain, in one order, refused until the last line. */
import type { DecryptionKey } from "../jwks/decryption-key.ts";
import type { KeyRing } from "../jwks/key-ring.ts";
import type { JsonObject } from "../json.ts";
import { AuthenticCache, type Authenticated } from "./authentic-cache.ts";
import { authenticateJwe, authenticateJws, type Grounds } from "./authenticate.ts";
import { checkClaims, endOfValidity } from "./claims.ts";
import { createHeaderReader, parseCompact } from "./compact.ts";
import { policyFor, type PolicySet } from "./policy.ts";
import type { Detail } from "./reason.ts";
import { refused, type Verdict } from "./verdict.ts";

/** Finds the active rule that refuses a token; may throw where the rules cannot be read: the token is refused. */
export type FindRevocation = (
  claims: JsonObject,
  subjects: readonly string[],
  issuer: string | undefined,
  nowSeconds: number,
  claimsText: string,
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
  /** Authentic tokens that are remembered, to spare their cryptography; 0 or undefined: none. */
  readonly rememberedTokens?: number;
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
  const { maxTokenBytes, rememberedTokens = 0 } = sources;
  const cache = rememberedTokens > 0 ? new AuthenticCache(rememberedTokens) : undefined;
  const readHeader = createHeaderReader();

  return (text, options = {}) => {
    if (text === "") return refused("missing");
    if (text.length > maxTokenBytes) return refused("too_large");
    const grounds: Grounds = {
      ring: sources.ring(),
      decryptionKeys: sources.decryptionKeys(),
      policies: sources.policies(),
    };
    const key = cache === undefined ? "" : AuthenticCache.keyOf(text);
    const known = cache?.get(key, grounds);
    if (known !== undefined) return judgeClaims(known, grounds.policies, sources);

    const decide = (outcome: Authenticated | Detail, isOwnWork: boolean): Verdict => {
      if (typeof outcome === "string") return refused(outcome);
      // What a verifier vouched for is taken for this once: the next caller may be another.
      if (isOwnWork) cache?.set(key, outcome, grounds);
      return judgeClaims(outcome, grounds.policies, sources);
    };
    const compact = parseCompact(text, maxTokenBytes, readHeader);
    if (typeof compact === "string") return refused(compact);
    if (compact.kind === "jws") {
      const { verifiedWith } = options;
      return decide(authenticateJws(compact, verifiedWith, grounds), verifiedWith === undefined);
    }
    return authenticateJwe(compact, grounds, maxTokenBytes).then((outcome) =>
      decide(outcome, true),
    );
  };
}

function judgeClaims(
  { token, typ }: Authenticated,
  policies: PolicySet,
  sources: JudgeSources,
): Verdict {
  const claims = token.claims.object;
  const policy = policyFor(policies, token.issuer);
  const nowSeconds = sources.nowSeconds();
  const refusal = checkClaims(claims, typ, policy, nowSeconds);
  if (refusal !== undefined) return refused(refusal, token);
  const { subjects, issuer, claimsText } = token;
  const rule = sources.findRevocation(claims, subjects, issuer, nowSeconds, claimsText);
  if (rule !== undefined) return refused("revoked", token, rule.ruleId);
  return { isValid: true, token, untilSeconds: endOfValidity(claims, policy) };
}
