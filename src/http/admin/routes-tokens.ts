/** The route that says what the appliance thinks of a token, and why. */
import { reasonOfVerdict, type AuthenticToken } from "../../core/token/verdict.ts";
import type { Identity } from "./caller.ts";
import { isHidden } from "./hidden-claims.ts";
import { RawJson, toJsonText, withJson } from "./json-answer.ts";
import type { AdminOptions } from "./options.ts";
import { parseRoute, type Route } from "./route.ts";
import { toRuleJson } from "./rule-json.ts";
import { VerdictShape } from "./answer-schemas.ts";
import { InspectBody } from "./request-schemas.ts";
import { explainVerdict } from "./verdict-words.ts";

export function createTokenRoutes(options: AdminOptions): readonly Route[] {
  const { judge, rules, nowSeconds } = options;
  return [
    parseRoute({
      method: "POST",
      path: "/tokens/inspect",
      summary: "Judge a token as a request's would be; nothing of it is kept",
      access: "viewer",
      body: InspectBody,
      answers: { 200: { description: "The verdict and what led to it", schema: VerdictShape } },
      async handle({ body, identity }) {
        const verdict = await judge(body.token);
        const ruleId = verdict.isValid ? undefined : verdict.ruleId;
        const rule = ruleId === undefined ? undefined : await rules.getRule(ruleId);
        return withJson(
          toJsonText({
            valid: verdict.isValid,
            reason: reasonOfVerdict(verdict),
            detail: verdict.isValid ? undefined : verdict.detail,
            words: explainVerdict(verdict, nowSeconds()),
            until: verdict.isValid ? verdict.untilSeconds : undefined,
            rule: rule === undefined ? undefined : new RawJson(toRuleJson(rule)),
            ...(verdict.token === undefined ? {} : tokenMembers(verdict.token, identity)),
          }),
        );
      },
    }),
  ];
}

/** What an authentic token says, its claims where they are not hidden. */
function tokenMembers(token: AuthenticToken, identity: Identity) {
  return {
    key: {
      alg: token.alg,
      kid: token.kid,
      source: token.keySource,
    },
    generation: token.isStateless ? "stateless" : "legacy",
    ...(isHidden(token, identity)
      ? { claimsHidden: true }
      : {
          subjects: token.subjects,
          issuer: token.issuer,
          claims: new RawJson(token.claimsText),
          header: token.jweHeaderText === undefined ? undefined : new RawJson(token.jweHeaderText),
        }),
  };
}
