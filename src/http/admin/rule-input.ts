/** Reads a rule from a request: its scope and its own JSON, refusals with the path from the body's top. */
import { AppError } from "../../core/app-error.ts";
import type { JsonObject } from "../../core/json.ts";
import { isJsonObject } from "../../core/revocation/json-text.ts";
import { parseRule } from "../../core/revocation/parse-rule.ts";
import type { Rule } from "../../core/revocation/rule.ts";
import type { RuleScope } from "../../core/revocation/store.ts";

/** Reads the scope: `scope: "global"`, or a subject; never both and never neither. @throws AppError invalid */
export function parseScope(body: {
  readonly scope?: "global" | "subject";
  readonly subject?: string;
  readonly issuer?: string | null;
}): RuleScope {
  const { scope, subject } = body;
  const issuer = body.issuer ?? undefined;
  if (subject !== undefined && scope !== "global") return { kind: "subject", subject, issuer };
  if (scope === "global" && subject === undefined && issuer === undefined)
    return { kind: "global" };
  throw new AppError("invalid", "Whom the rule is for is not clear", {
    path: scope === undefined && subject === undefined ? "/scope" : "/subject",
    expected: 'either "scope": "global", or a "subject" with or without an "issuer"',
  });
}

/** Reads the `rule` member. @throws AppError invalid, its path beginning with `/rule` */
export function parseRuleMember(exact: JsonObject): Rule {
  const rule = exact.get("rule");
  if (!isJsonObject(rule)) {
    throw new AppError("invalid", "The rule is not an object", {
      path: "/rule",
      expected: "a JSON object",
    });
  }
  try {
    return parseRule(rule);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, error.message, {
      cause: error,
      path: `/rule${error.path ?? ""}`,
      ...(error.expected === undefined ? {} : { expected: error.expected }),
    });
  }
}
