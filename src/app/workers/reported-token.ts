/** Takes an accepted token from one thread to another: as plain data, its claims as their text. */
import { parseClaims } from "../../core/token/compact.ts";
import type { AuthenticToken } from "../../core/token/verdict.ts";

/** Without what only its own thread can read: a large object's members are no data that can be posted. */
export type ReportedToken = Omit<AuthenticToken, "claims">;

export function toReportedToken({ claims: _claims, ...rest }: AuthenticToken): ReportedToken {
  return rest;
}

/** @throws TypeError for claims that no token was ever accepted with */
export function fromReportedToken(reported: ReportedToken): AuthenticToken {
  const claims = parseClaims(reported.claimsText);
  if (claims === undefined) throw new TypeError("an accepted token has no claims");
  return { ...reported, claims };
}
