/** The routes of the everyday intents, and of trying a rule or an intent out before it is written. */
import { AppError } from "../../core/app-error.ts";
import type { JsonObject } from "../../core/json.ts";
import { describeRule } from "../../core/revocation/describe-rule.ts";
import { matchesCondition } from "../../core/revocation/evaluate.ts";
import type { Intent } from "../../core/revocation/intents.ts";
import { isInScope } from "../../core/revocation/seen-tokens.ts";
import { tokenDigest, withDigest } from "../../core/revocation/token-digest.ts";
import { answerChange } from "./confirm.ts";
import { hasIntent, parseIntent, type IntentBody } from "./intent-input.ts";
import { RawJson, toJsonText, withJson } from "./json-answer.ts";
import type { AdminOptions } from "./options.ts";
import { parseRoute, type Route } from "./route.ts";
import { parseRuleMember, parseScope } from "./rule-input.ts";
import { PreviewShape, WrittenShape } from "./answer-schemas.ts";
import { PreviewBody, RevocationBody, WaitQuery } from "./request-schemas.ts";
import { explainVerdict } from "./verdict-words.ts";

export function createRevocationRoutes(options: AdminOptions): readonly Route[] {
  const { rules } = options;
  return [
    parseRoute({
      method: "POST",
      path: "/revocations",
      summary: "Revoke a person, block one, a token, a family, or all issued until a moment",
      access: "operator",
      body: RevocationBody,
      query: WaitQuery,
      isIdempotent: true,
      answers: { 201: { description: "The rule that does it is on disk", schema: WrittenShape } },
      async handle({ body, query, actor, once }) {
        const { scope, rule, expireAt, words } = await parseIntent(body, options);
        const written = await rules.addRule(
          { scope, rule, expireAt, reason: body.reason },
          actor,
          once,
        );
        return answerChange(written, query, options, 201, { words, expireAt });
      },
    }),
    parseRoute({
      method: "POST",
      path: "/rules/preview",
      summary: "What a rule or an intent would do; nothing is written",
      access: "viewer",
      body: PreviewBody,
      answers: { 200: { description: "What it would do", schema: PreviewShape } },
      async handle({ body, exact }) {
        const { test, rule: _, expireAt, ...rest } = body;
        const intent = await readPreviewed(rest, exact, expireAt ?? 0, options);
        return withJson(await preview(intent, test, options));
      },
    }),
  ];
}

async function readPreviewed(
  body: IntentBody & { readonly scope?: "global" },
  exact: JsonObject,
  expireAt: number,
  options: AdminOptions,
): Promise<Intent> {
  if (hasIntent(body)) {
    if (!exact.has("rule")) return parseIntent(body, options);
    throw new AppError("invalid", "What is meant is not clear", {
      path: "/rule",
      expected: "either a rule or an intent",
    });
  }
  const scope = parseScope(body);
  const rule = parseRuleMember(exact);
  return { scope, rule, expireAt, words: describeRule(scope, rule) };
}

async function preview(
  { scope, rule, expireAt, words }: Intent,
  test: string | undefined,
  options: AdminOptions,
): Promise<string> {
  return toJsonText({
    words,
    scope: scope.kind,
    ...(scope.kind === "subject" ? { subject: scope.subject, issuer: scope.issuer } : {}),
    rule: new RawJson(rule.text),
    expireAt,
    isBroad: scope.kind === "global",
    seen: options.seenTokens.match(scope, rule.condition),
    test: test === undefined ? undefined : await tryOn(test.trim(), { scope, rule }, options),
  });
}

/** Whether one token passes now, and whether the rule matches it. */
async function tryOn(
  token: string,
  { scope, rule }: Pick<Intent, "scope" | "rule">,
  { judge, nowSeconds }: AdminOptions,
) {
  const verdict = await judge(token);
  const { isValid } = verdict;
  const words = explainVerdict(verdict, nowSeconds());
  if (verdict.token === undefined) return { isValid, words, matches: false };
  const { claims, claimsText } = verdict.token;
  const seen = withDigest(claims.object, tokenDigest(claimsText));
  const matches = isInScope(scope, verdict.token) && matchesCondition(rule.condition, seen);
  return { isValid, words, matches, wouldPass: isValid && !matches };
}
