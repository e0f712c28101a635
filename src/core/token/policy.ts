/** What a token must say to be accepted, apart from its signature and the revocation rules. */

/** All times in seconds. An undefined list accepts anything. */
export interface Policy {
  readonly issuers: ReadonlySet<string> | undefined;
  readonly audiences: ReadonlySet<string> | undefined;
  readonly requireExp: boolean;
  readonly requiredClaims: readonly string[];
  /** Accepted `typ`, lower case, without an `application/` before it (RFC 7515 §4.1.9). */
  readonly types: ReadonlySet<string> | undefined;
  /** Seconds since `iat`. */
  readonly maxTokenAge: number | undefined;
  readonly clockSkew: number;
  readonly subjectClaims: readonly string[];
  readonly legacy: "accept" | "reject";
  /**
   * Algorithms that may prove a token: of signatures, and of a JWE whose claims count by themselves. What a key is
   * bound to still decides which one of them.
   */
  readonly algorithms: ReadonlySet<string> | undefined;
}

/** The policy of each issuer that has its own, and the one of all others. */
export interface PolicySet {
  readonly common: Policy;
  readonly byIssuer: ReadonlyMap<string, Policy>;
}

/** Selects the policy by the token's `iss`; an issuer without its own has the common one. */
export function policyFor(policies: PolicySet, issuer: string | undefined): Policy {
  return (issuer === undefined ? undefined : policies.byIssuer.get(issuer)) ?? policies.common;
}

/** Brings a `typ` to the form that policies hold: RFC 7515 §4.1.9 lets `application/` be left out. */
export function normalizeType(typ: string): string {
  const lower = typ.toLowerCase();
  return lower.startsWith("application/") ? lower.slice("application/".length) : lower;
}
