/** Makes the claims policy of each issuer from the settings. */
import type { IssuerSettings } from "../config/issuers.ts";
import type { Settings } from "../config/settings.ts";
import { normalizeType, type Policy, type PolicySet } from "../core/token/policy.ts";

/** An issuer's own table goes over the common settings, member by member. */
export function createPolicies(settings: Settings, issuers: readonly IssuerSettings[]): PolicySet {
  const common: Policy = {
    issuers: settings.issuer,
    audiences: settings.audience,
    requireExp: settings.requireExp,
    requiredClaims: settings.requiredClaims,
    types: normalizeAll(settings.typ),
    maxTokenAge: settings.maxTokenAge,
    clockSkew: settings.clockSkew,
    subjectClaims: settings.subjectClaims,
    legacy: settings.legacy,
    algorithms: settings.algorithms,
  };
  const byIssuer = new Map<string, Policy>();
  for (const own of issuers) {
    byIssuer.set(own.issuer, {
      ...common,
      // Its table is word enough: it need not be named in JWT_ISSUER again.
      issuers: new Set([own.issuer]),
      audiences: own.audience ?? common.audiences,
      algorithms: own.algorithms ?? common.algorithms,
      types: normalizeAll(own.typ) ?? common.types,
    });
  }
  return { common, byIssuer };
}

function normalizeAll(types: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
  return types === undefined ? undefined : new Set([...types].map(normalizeType));
}
