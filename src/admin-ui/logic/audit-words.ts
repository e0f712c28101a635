/** What a row of the audit says, as a sentence between who and why. */
import type { AuditRow } from "../api/types.ts";

/** What the audit's verbs say, as a past tense between who and what. */
const ACTION_WORDS: ReadonlyMap<string, string> = new Map([
  ["rule.add", "wrote"],
  ["rule.lift", "lifted"],
  ["rule.damaged", "found damage in"],
  ["rule.refile", "filed anew"],
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

const ROLE_ACTIONS: ReadonlySet<string> = new Set(["person.create", "person.role", "token.create"]);

/** Text as it stands, who did it or what was acted on, a rule's number. */
export type AuditPart = string | { readonly strong: string } | { readonly rule: number };

/** What stands in the audit for a name that nobody has. */
const UNKNOWN_NAME = "an unknown name";

/** Who did what: "ops-1 revoked tokens of bob (rule 12)". */
export function toAuditSentence(row: AuditRow): readonly AuditPart[] {
  if (isRefusedLogin(row)) {
    // Nobody has logged in: the name that was tried is all there is.
    return row.target === UNKNOWN_NAME
      ? ["Login refused: unknown name"]
      : ["Login as ", { strong: row.target }, " refused"];
  }
  return [{ strong: row.actor.who }, " ", ...whatWasDone(row)];
}

function whatWasDone(row: AuditRow): readonly AuditPart[] {
  const { action, target, subject } = row;
  if (action === "rule.import") return [`imported ${row.reason ?? "rules"}`];
  const verb = ACTION_WORDS.get(action) ?? action;
  if (action.startsWith("rule.")) {
    if (!/^[1-9]\d{0,14}$/.test(target)) return [`${verb} rule `, { strong: target }];
    const rule = { rule: Number(target) };
    const isNew = action === "rule.add";
    if (subject !== undefined) {
      const whom = { strong: subject };
      return isNew
        ? ["revoked tokens of ", whom, " (", rule, ")"]
        : [`${verb} `, rule, " on tokens of ", whom];
    }
    return isNew ? ["wrote ", rule, ", naming no person"] : [`${verb} `, rule];
  }
  if (isAboutOneself(action)) return target === row.actor.who ? [verb] : [`${verb} as ${target}`];
  const role = roleGiven(row);
  const as = action === "person.role" ? " to " : " as ";
  return [`${verb} `, { strong: target }, ...(role === undefined ? [] : [`${as}${role}`])];
}

/** Why it was done; what the sentence has said already is left out. */
export function toAuditReason(row: AuditRow): string | undefined {
  const { action, reason } = row;
  const isSaid = action === "rule.import" || roleGiven(row) !== undefined;
  return isSaid || reason === "" ? undefined : reason;
}

/** The role that somebody or a program was given: it stands where a reason would. */
function roleGiven({ action, reason }: AuditRow): string | undefined {
  if (!ROLE_ACTIONS.has(action)) return undefined;
  return /^role (\w+)$/.exec(reason ?? "")?.[1];
}

/** Whether the sentence says by itself that it was refused. */
export function isRefusedLogin({ action, outcome }: AuditRow): boolean {
  return action === "session.create" && outcome === "refused";
}

/** Whether the target only repeats who it was. */
export function isAboutOneself(action: string): boolean {
  return action.startsWith("session.");
}
