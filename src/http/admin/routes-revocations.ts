/** The routes of the everyday intents, and of trying a rule or an intent out before it is written. */
import { intentInWords } from "../../core/revocation/intents.ts";
import { parseRule } from "../../core/revocation/parse-rule.ts";
import { answerChange } from "./confirm.ts";
import { parseIntent } from "./intent-input.ts";
import { withJson } from "./json-answer.ts";
import type { AdminOptions } from "./options.ts";
import { createPreview } from "./preview.ts";
import { tooManyAtOnce } from "./refusals.ts";
import { parseRoute, type Route } from "./route.ts";
import { PreviewShape, WrittenShape } from "./answer-schemas.ts";
import { PreviewBody, RevocationBody, WaitQuery } from "./request-schemas.ts";

export function createRevocationRoutes(options: AdminOptions): readonly Route[] {
  const { rules } = options;
  const answerPreview = createPreview(options);
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
        // Read before the intent is: one that comes meanwhile makes its end no earlier than noted.
        const { common } = options.policies();
        const { scope, rule, expireAt, words } = await parseIntent(body, options);
        const write = () =>
          rules.addRule({ scope, rule, expireAt, reason: body.reason }, actor, once);
        const written = await (expireAt === 0 ? write() : options.writeEnding(common, write));
        const done = written.replayed ? await doneBefore(written.id, rules) : { words, expireAt };
        return answerChange(written, query, options, 201, done);
      },
    }),
    parseRoute({
      method: "POST",
      path: "/rules/preview",
      summary: "What a rule or an intent would do; nothing is written",
      access: "viewer",
      body: PreviewBody,
      answers: {
        200: { description: "What it would do", schema: PreviewShape },
        503: { description: "Too many are being asked for at once" },
      },
      async handle({ body, exact, identity, request }) {
        const answer = await answerPreview({ body, exact, identity, left: request.signal });
        return answer === undefined ? tooManyAtOnce() : withJson(answer);
      },
    }),
  ];
}

/** What a repeated request did the first time: read now, its "until now" would be another moment. */
async function doneBefore(id: number, rules: AdminOptions["rules"]) {
  const stored = await rules.getRule(id);
  if (stored === undefined) return {};
  const { scope, text, expireAt } = stored;
  return { words: intentInWords({ scope, rule: parseRule(text), expireAt }), expireAt };
}
