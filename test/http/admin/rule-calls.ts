/** A rule written and lifted through the API, as most tests do it. */
import { NOW, type Answer, type Harness } from "./harness.ts";

export const RULE = { subject: "bob", rule: { iat: { lte: NOW } }, reason: "left the company" };

type Headers = Readonly<Record<string, string>>;

/** What is left of them once a test has said which server it asks. */
export type AddRule = (
  more?: Readonly<Record<string, unknown>>,
  headers?: Headers,
) => Promise<Answer>;
export type LiftRule = (id: string | number, headers?: Headers) => Promise<Answer>;

/** Writes the rule above, with other members where given. */
export function addRule(harness: Harness, ...[more = {}, headers = {}]: Parameters<AddRule>) {
  return harness.ask("POST", "/rules", { body: { ...RULE, ...more }, headers });
}

/** Lifts a rule by its number. */
export function liftRule(harness: Harness, ...[id, headers = {}]: Parameters<LiftRule>) {
  return harness.ask("DELETE", `/rules/${id}`, { body: { reason: "came back" }, headers });
}
