/** The codes of refusals in words. */

/** Both the reasons that verdicts are counted by and the finer details. */
export const REASON_WORDS: ReadonlyMap<string, string> = new Map([
  ["ok", "valid"],
  ["E_TKN_INVALID", "not valid"],
  ["E_TKN_LEGACY", "legacy"],
  ["E_TKN_ACCESS_TOKEN_REQUIRED", "refresh token"],
  ["E_AUD_MISMATCH", "wrong audience"],
  ["E_BACKEND_UNAVAIL", "nobody could judge"],
  ["too_large", "too large"],
  ["unknown_key", "unknown key"],
  ["not_yet_valid", "not yet valid"],
  ["refresh_token", "refresh token"],
]);

/** What the audit's verbs say, as a past tense between who and what. */
const ACTION_WORDS: ReadonlyMap<string, string> = new Map([
  ["rule.add", "wrote rule"],
  ["rule.lift", "lifted rule"],
  ["rule.import", "imported rules from"],
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

export function actionWords(action: string): string {
  return ACTION_WORDS.get(action) ?? action;
}

/** The rule that an audit row is about; undefined where it is about something else. */
export function ruleOf(action: string, target: string): number | undefined {
  return action.startsWith("rule.") && /^[1-9]\d{0,14}$/.test(target) ? Number(target) : undefined;
}

/** Whether the target only repeats who it was. */
export function isAboutOneself(action: string): boolean {
  return action.startsWith("session.");
}
