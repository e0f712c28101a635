/** What a rule or an intent would do, without a word written: to the tokens seen lately, and to one. */
import { AppError } from "../../core/app-error.ts";
import type { JsonObject } from "../../core/json.ts";
import { describeRule } from "../../core/revocation/describe-rule.ts";
import { matchesCondition } from "../../core/revocation/evaluate.ts";
import type { Intent } from "../../core/revocation/intents.ts";
import { checkExpireAt, checkReason } from "../../core/revocation/new-rule.ts";
import { isInScope } from "../../core/revocation/match-seen.ts";
import { tokenDigest, withDigest } from "../../core/revocation/token-digest.ts";
import { isMeantAsToken } from "../../core/token/compact.ts";
import type { Verdict } from "../../core/token/verdict.ts";
import type { Identity } from "./caller.ts";
import { isHidden, seesNoEncrypted } from "./hidden-claims.ts";
import { hasIntent, parseIntent, type IntentBody } from "./intent-input.ts";
import { RawJson, toJsonText } from "./json-answer.ts";
import type { AdminOptions } from "./options.ts";
import { pause } from "./pause.ts";
import { parseRuleMember, parseScope } from "./rule-input.ts";
import { createTurns } from "./turns.ts";
import { explainVerdict } from "./verdict-words.ts";

/** The members of a preview's body that are not its intent's. */
export interface PreviewedBody extends IntentBody {
  readonly scope?: "global" | "subject";
  readonly rule?: unknown;
  readonly expireAt?: number;
  readonly reason?: string;
  readonly test?: string;
}

export interface PreviewRequest {
  readonly body: PreviewedBody;
  readonly exact: JsonObject;
  readonly identity: Identity;
  /** Aborted when whoever asked has gone. */
  readonly left: AbortSignal;
}

/**
 * Answers in JSON; undefined where too many are waiting.
 * @throws AppError invalid, forbidden where the intent would tell hidden claims
 */
export type AnswerPreview = (request: PreviewRequest) => Promise<string | undefined>;

/** They share the thread that judges: all of them must not take more of it than one does. */
const TURNS = { atOnce: 1, maxWaiting: 8 } as const;

export function createPreview(options: AdminOptions): AnswerPreview {
  const takeTurn = createTurns(TURNS);
  return async (asked) => {
    const request = { ...asked, body: withTest(asked) };
    checkAsWritten(request.body, options.nowSeconds());
    // Before its turn: judging may have to fetch a key, and others need not wait for that.
    const intent = await readIntent(request, options);
    const { test } = request.body;
    const verdict = test === undefined ? undefined : await options.judge(test.trim());
    return takeTurn(async () => {
      await pause();
      return answer(intent ?? readRule(request), verdict, request, options);
    });
  };
}

/** Beside a rule, a `token` can only be the one that is to be tried on it. */
function withTest({ body, exact }: PreviewRequest): PreviewedBody {
  const { token, ...rest } = body;
  if (token === undefined || body.test !== undefined || !exact.has("rule")) return body;
  return { ...rest, test: token };
}

/** What would be refused when it is written is refused here. @throws AppError invalid */
function checkAsWritten({ reason, expireAt }: PreviewedBody, nowSeconds: number): void {
  if (reason !== undefined) checkReason(reason);
  if (expireAt !== undefined) checkExpireAt(expireAt, nowSeconds);
}

async function answer(
  { scope, rule, expireAt, words, aheadSeconds }: Intent,
  verdict: Verdict | undefined,
  { identity, left }: PreviewRequest,
  { seenTokens, monotonicMs, nowSeconds }: AdminOptions,
): Promise<string> {
  await pause();
  const seen = await seenTokens.match(
    { scope, condition: rule.condition, withoutEncrypted: seesNoEncrypted(identity) },
    { monotonicMs, pause, left },
  );
  await pause();
  return toJsonText({
    words,
    scope: scope.kind,
    ...(scope.kind === "subject" ? { subject: scope.subject, issuer: scope.issuer } : {}),
    rule: new RawJson(rule.text),
    expireAt,
    aheadSeconds,
    isBroad: scope.kind === "global",
    seen,
    test: verdict && {
      isValid: verdict.isValid,
      words: explainVerdict(verdict, nowSeconds()),
      ...tryOn(verdict, { scope, rule }, identity),
    },
  });
}

/** The rule of an intent; undefined where there is none. */
async function readIntent(
  { body, exact, identity }: PreviewRequest,
  options: AdminOptions,
): Promise<Intent | undefined> {
  if (!hasIntent(body)) return undefined;
  if (exact.has("rule")) {
    throw new AppError("invalid", "What is meant is not clear", {
      path: "/rule",
      expected: "either a rule or an intent",
    });
  }
  await refuseHidden(body, identity, options);
  return parseIntent(body, options);
}

function readRule({ body, exact }: PreviewRequest): Intent {
  const scope = parseScope(body);
  const rule = parseRuleMember(exact);
  return { scope, rule, expireAt: body.expireAt ?? 0, words: describeRule(scope, rule) };
}

/** An intent made from a token says whose it is, and what it is called by. */
async function refuseHidden(
  { token, family = "" }: IntentBody,
  identity: Identity,
  { judge }: AdminOptions,
): Promise<void> {
  for (const pasted of [token, isMeantAsToken(family) ? family : undefined]) {
    if (pasted === undefined) continue;
    const verdict = await judge(pasted.trim());
    if (verdict.token !== undefined && isHidden(verdict.token, identity)) {
      throw new AppError("forbidden", "Its claims are encrypted; seeing them needs an operator");
    }
  }
}

/** Whether the rule matches a token and leaves it valid, unless that would tell hidden claims. */
function tryOn(
  { isValid, token }: Verdict,
  { scope, rule }: Pick<Intent, "scope" | "rule">,
  identity: Identity,
) {
  if (token === undefined) return { matches: false };
  // Whoever may ask again and again would read them letter by letter.
  if (isHidden(token, identity)) return { claimsHidden: true };
  const seen = withDigest(token.claims.object, tokenDigest(token.claimsText));
  const matches = isInScope(scope, token) && matchesCondition(rule.condition, seen);
  return { matches, wouldPass: isValid && !matches };
}
