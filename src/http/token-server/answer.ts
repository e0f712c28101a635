/** Writes a verdict for the wire: contract §5's JSON, and the form that HAProxy's side asks for. */
import { subjectTag } from "../../core/feed/subject-tag.ts";
import { claimVars, toOneLine, type ClaimSelection } from "../../core/token/claim-vars.ts";
import { isFinal } from "../../core/token/reason.ts";
import { reasonOfVerdict, type Verdict } from "../../core/token/verdict.ts";

/** The form for verifiers: texts ready for headers and variables, and how long the verdict holds. */
export const VERIFIER_TYPE = "application/vnd.haproxy-jwt.verdict+json";

/** Where in the store's history a verdict was judged. */
export interface JudgedAt {
  readonly seq: number;
  readonly epoch: string;
}

/**
 * The JSON of contract §5. The claims stand in it as they were signed, not written anew: numbers beyond
 * 2^53 and member order stay.
 *
 * @param isTrusted whether the caller showed the verifier key: without it a JWE's claims are left out
 */
export function toPublicJson(verdict: Verdict, isTrusted: boolean): string {
  const members = outcome(verdict);
  const { token } = verdict;
  if (token !== undefined) {
    if (token.jweHeaderText === undefined || isTrusted) members.push(`"body":${token.claimsText}`);
    if (token.jweHeaderText !== undefined && isTrusted)
      members.push(`"header":${token.jweHeaderText}`);
    members.push(generation(token.isStateless));
  }
  return `{${members.join(",")}}`;
}

/**
 * The form for verifiers; members are described where Lua reads them (lua/verify-jwt/token_server.lua).
 *
 * @param asked.number under which it was asked, repeated so that no answer is taken for another's
 * @param asked.wantsEncodedBody as base64url, which needs no line of its own: then every byte is as it was
 */
export function toVerifierJson(
  verdict: Verdict,
  isTrusted: boolean,
  selection: ClaimSelection,
  judgedAt: JudgedAt,
  asked: { readonly number?: string | undefined; readonly wantsEncodedBody?: boolean } = {},
): string {
  // First of all, where nothing that a token says can stand.
  const number = asked.number === undefined ? [] : [`"question":${asked.number}`];
  const members = [...number, ...outcome(verdict)];
  const { token } = verdict;
  if (token !== undefined) {
    members.push(generation(token.isStateless));
    if (token.jweHeaderText === undefined || isTrusted) {
      const body =
        asked.wantsEncodedBody === true
          ? Buffer.from(token.claimsText).toString("base64url")
          : toOneLine(token.claimsText);
      members.push(`"body":${JSON.stringify(body)}`);
      members.push(`"vars":${JSON.stringify(Object.fromEntries(claimVars(token, selection)))}`);
      const tags = token.subjects.map((subject) => subjectTag(judgedAt.epoch, subject));
      members.push(`"tags":${JSON.stringify(tags)}`);
    }
    if (token.jweHeaderText !== undefined && isTrusted) {
      members.push(`"header":${JSON.stringify(toOneLine(token.jweHeaderText))}`);
    }
  }
  if (verdict.isValid) {
    if (verdict.untilSeconds !== undefined) members.push(`"until":${verdict.untilSeconds}`);
  } else if (isFinal(verdict.detail)) {
    members.push('"final":true');
  }
  members.push(`"seq":${judgedAt.seq}`, `"epoch":${JSON.stringify(judgedAt.epoch)}`);
  return `{${members.join(",")}}`;
}

/** The only place that turns the verdict's boolean into the wire's text. */
function outcome(verdict: Verdict): string[] {
  const reason = `"reason":"${reasonOfVerdict(verdict)}"`;
  if (verdict.isValid) return ['"valid":"1"', reason];
  return ['"valid":"0"', reason, `"detail":"${verdict.detail}"`];
}

function generation(isStateless: boolean): string {
  return isStateless ? '"stateless":"1"' : '"legacy":"1"';
}
