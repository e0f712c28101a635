/** The routes of rules: write, list, read, lift, try out. */
import { AppError } from "../../core/app-error.ts";
import { describeRule } from "../../core/revocation/describe-rule.ts";
import { checkReason } from "../../core/revocation/new-rule.ts";
import type { StoredRule } from "../../core/revocation/store.ts";
import { problem } from "../problem.ts";
import { answerChange } from "./confirm.ts";
import { RawJson, toJsonText, withJson } from "./json-answer.ts";
import type { AdminOptions } from "./options.ts";
import { parseRoute, type Route } from "./route.ts";
import { parseRuleMember, parseScope } from "./rule-input.ts";
import { toRuleJson, toRuleTag } from "./rule-json.ts";
import { RuleShape, RulesShape, WrittenShape } from "./answer-schemas.ts";
import {
  LiftQuery,
  NewRuleBody,
  OptionalLiftBody,
  RulesQuery,
  WaitQuery,
} from "./request-schemas.ts";

const DEFAULT_LIMIT = 50;

export function createRuleRoutes(options: AdminOptions): readonly Route[] {
  const { rules } = options;

  const find = async (params: ReadonlyMap<string, string>): Promise<StoredRule> => {
    const text = params.get("id") ?? "";
    const rule = /^[1-9]\d{0,14}$/.test(text) ? await rules.getRule(Number(text)) : undefined;
    if (rule === undefined) throw new AppError("not_found", "There is no rule of this number");
    return rule;
  };

  return [
    parseRoute({
      method: "POST",
      path: "/rules",
      summary: "Write a rule",
      access: "operator",
      body: NewRuleBody,
      query: WaitQuery,
      isIdempotent: true,
      answers: { 201: { description: "The rule is on disk", schema: WrittenShape } },
      async handle({ body, exact, query, actor, once }) {
        const input = {
          scope: parseScope(body),
          rule: parseRuleMember(exact),
          expireAt: body.expireAt ?? 0,
          reason: body.reason,
        };
        const written = await rules.addRule(input, actor, once);
        const words = describeRule(input.scope, input.rule);
        return answerChange(written, query, options, 201, { words, expireAt: input.expireAt });
      },
    }),
    parseRoute({
      method: "GET",
      path: "/rules",
      summary: "List rules, newest first, or by their end",
      access: "viewer",
      query: RulesQuery,
      answers: { 200: { description: "A page of rules", schema: RulesShape } },
      async handle({ query }) {
        const page = await rules.listRules({ ...query, limit: query.limit ?? DEFAULT_LIMIT });
        const items = new RawJson(`[${page.items.map(toRuleJson).join(",")}]`);
        return withJson(toJsonText({ items, cursor: page.cursor }));
      },
    }),
    parseRoute({
      method: "GET",
      path: "/rules/:id",
      summary: "Read a rule",
      access: "viewer",
      answers: { 200: { description: "The rule, with its ETag", schema: RuleShape } },
      async handle({ params, request }) {
        const rule = await find(params);
        const etag = toRuleTag(rule);
        if (request.headers.get("if-none-match") === etag) {
          return new Response(null, { status: 304, headers: { etag } });
        }
        return withJson(toRuleJson(rule), { headers: { etag } });
      },
    }),
    parseRoute({
      method: "DELETE",
      path: "/rules/:id",
      summary: "Lift a rule; it stays in the history",
      access: "operator",
      body: OptionalLiftBody,
      isBodyOptional: true,
      query: LiftQuery,
      isIdempotent: true,
      answers: {
        200: { description: "The rule is lifted", schema: WrittenShape },
        412: { description: "The rule is not as `If-Match` says: somebody else has changed it" },
      },
      async handle({ params, request, body, query, actor, once }) {
        const reason = readReason(body.reason, query.reason);
        const rule = await find(params);
        const wanted = request.headers.get("if-match");
        if (wanted !== null && !listsTag(wanted, toRuleTag(rule))) {
          return problem(412, "Somebody else has changed this rule", "Read it again first.");
        }
        const written = await rules.liftRule(rule.id, reason, actor, once);
        return answerChange(written, query, options, 200);
      },
    }),
  ];
}

/** The reason of a lift, from its body or its query. @throws AppError invalid */
function readReason(inBody: string | undefined, inQuery: string | undefined): string {
  const reason = inBody ?? inQuery;
  if (reason === undefined) {
    throw new AppError("invalid", "A rule is lifted for a reason, and this request names none", {
      path: "/reason",
      expected: 'a body {"reason":"…"}, or ?reason=… in the address',
    });
  }
  if (inBody !== undefined && inQuery !== undefined && inBody !== inQuery) {
    throw new AppError("invalid", "Body and address name different reasons", {
      path: "/reason",
      expected: "one reason",
    });
  }
  checkReason(reason);
  return reason;
}

/** Whether an `If-Match` is true of a resource's tag (RFC 9110 §13.1.1). Tags of rules hold no comma. */
function listsTag(wanted: string, tag: string): boolean {
  return wanted.trim() === "*" || wanted.split(",").some((one) => one.trim() === tag);
}
