/** What a row of the audit says, as a sentence between who and why. */
import type { AuditRow } from "../api/types.ts";

/** What the audit's verbs say, as a past tense between who and what. */
const ACTION_WORDS: ReadonlyMap<string, string> = new Map([
  ["rule.add", "wrote rule"],
  ["rule.lift", "lifted rule"],
  ["rule.damaged", "found damage in rule"],
  ["rule.refile", "filed anew rule"],
  ["session.create", "logged in"],
  ["session.end", "logged out"],
  ["session.end_all", "logged out everywhere"],
  ["person.create", "added"],
  ["person.password", "gave a new password to"],
  ["person.role", "changed the role of"],
  ["person.remove", "removed"],
  ["token.create", "made API token"],
  ["token.revoke", "revoked API token"],
  ["keys.sync", "had keys read again from"],
  ["keys.change", "took up other keys:"],
  ["store.backup", "made a backup:"],
  ["store.restore", "restored a backup:"],
]);

/** Text as it stands, what was acted on, a rule's number. */
export type AuditPart = string | { readonly strong: string } | { readonly rule: number };

/** What comes after who it was: "revoked tokens of bob (rule 12)". */
export function toAuditSentence(row: AuditRow): readonly AuditPart[] {
  const { action, target, subject } = row;
  if (action === "rule.import") return [`imported ${row.reason ?? "rules"}`];
  const verb = ACTION_WORDS.get(action) ?? action;
  if (action.startsWith("rule.") && /^[1-9]\d{0,14}$/.test(target)) {
    const rule = { rule: Number(target) };
    if (subject === undefined) return [`${verb} `, rule];
    return action === "rule.add"
      ? ["revoked tokens of ", { strong: subject }, " (rule ", rule, ")"]
      : [`${verb} `, rule, " on tokens of ", { strong: subject }];
  }
  if (!isAboutOneself(action)) return [`${verb} `, { strong: target }];
  // Nobody has logged in: then the name tried stands here.
  return target === row.actor.who ? [verb] : [`${verb} as ${target}`];
}

/** Why it was done; what an import has there is in its sentence. */
export function toAuditReason({ action, reason }: AuditRow): string | undefined {
  return action === "rule.import" || reason === "" ? undefined : reason;
}

/** Whether the target only repeats who it was. */
export function isAboutOneself(action: string): boolean {
  return action.startsWith("session.");
}
