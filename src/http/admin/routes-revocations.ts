/** The routes of the everyday intents, and of trying a rule or an intent out before it is written. */
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
        return answerChange(written, query, options, 201, { words, expireAt });
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
