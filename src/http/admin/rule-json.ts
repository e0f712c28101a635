/** Writes a stored rule for the API, its own JSON as it is kept. */
import { parseRule } from "../../core/revocation/parse-rule.ts";
import { describeRule } from "../../core/revocation/describe-rule.ts";
import type { StoredRule } from "../../core/revocation/store.ts";
import { AppError } from "../../core/app-error.ts";
import { RawJson, toJsonText } from "./json-answer.ts";

/** The JSON text of a rule. */
export function toRuleJson(stored: StoredRule): string {
  const { scope, lifted } = stored;
  const words = wordsOf(stored);
  return toJsonText({
    id: stored.id,
    scope: scope.kind,
    ...(scope.kind === "subject" ? { subject: scope.subject, issuer: scope.issuer } : {}),
    rule: words === undefined ? stored.text : new RawJson(stored.text),
    words:
      words ??
      "This version cannot read this rule; until it is lifted it refuses every token of its scope.",
    expireAt: stored.expireAt,
    reason: stored.reason,
    state: stored.state,
    addedAt: stored.addedAt,
    addedBy: stored.addedBy,
    lifted,
    seq: stored.seq,
  });
}

/** A rule's ETag: it changes with each of its changes, which is when it is lifted. */
export function toRuleTag(stored: StoredRule): string {
  return `"${stored.id}-${stored.seq}"`;
}

/** The rule in words; undefined for one that this version cannot read. */
export function wordsOf(stored: StoredRule): string | undefined {
  try {
    return describeRule(stored.scope, parseRule(stored.text));
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
