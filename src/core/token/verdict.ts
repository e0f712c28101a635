/** The outcome of judging one token. */
import type { ParsedObject } from "../json-parse.ts";
import { reasonOf, type Detail, type Reason } from "./reason.ts";

/** A token whose signature held, or whose decryption was authentic: only then are its claims anybody's business. */
export interface AuthenticToken {
  /** The claims exactly as signed, or as decrypted. */
  readonly claimsText: string;
  readonly claims: ParsedObject;
  readonly isStateless: boolean;
  readonly subjects: readonly string[];
  readonly issuer: string | undefined;
  /** The protected header's text of a JWE; undefined for a JWS. */
  readonly jweHeaderText: string | undefined;
  readonly alg: string;
  readonly kid: string | undefined;
  /** The verification key's RFC 7638 thumbprint; undefined where a shared key decrypted it. */
  readonly keyThumbprint: string | undefined;
  readonly keySource: string | undefined;
}

export interface AcceptedVerdict {
  readonly isValid: true;
  readonly token: AuthenticToken;
  /** Holds while the clock's whole seconds are less; undefined: no end by itself. */
  readonly untilSeconds: number | undefined;
}

export interface RefusedVerdict {
  readonly isValid: false;
  readonly detail: Detail;
  /** There where the signature held and the token was refused for what it says. */
  readonly token: AuthenticToken | undefined;
  /** The rule that refused it, with detail `revoked`. */
  readonly ruleId: number | undefined;
}

export type Verdict = AcceptedVerdict | RefusedVerdict;

/** Makes a refusal; the token only where its signature held. */
export function refused(detail: Detail, token?: AuthenticToken, ruleId?: number): RefusedVerdict {
  return { isValid: false, detail, token, ruleId };
}

/** The reason code that leaves the program. */
export function reasonOfVerdict(verdict: Verdict): Reason {
  return verdict.isValid ? "ok" : reasonOf(verdict.detail);
}
