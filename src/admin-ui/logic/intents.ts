/** What can be revoked, from what happened to what is sent: the fields of each intent and its request. */
import { claimText, decodeToken, isDecoded } from "./token.ts";
import { parseInputMoment } from "./time.ts";

/** The ways in; `rule` is the builder's. */
export const INTENTS = ["person", "block", "token", "login", "everybody", "rule"] as const;
export type Intent = (typeof INTENTS)[number];

/** The words of each intent: its card, its field, what to do where the field is empty. */
export const INTENT_WORDS: Readonly<
  Record<
    Intent,
    {
      readonly title: string;
      readonly hint: string;
      readonly label: string;
      readonly missing: string;
    }
  >
> = {
  person: {
    title: "A person",
    hint: "every token issued until now",
    label: "Who",
    missing: "Type the name as it stands in the token’s username or sub.",
  },
  block: {
    title: "Block a person",
    hint: "future tokens too",
    label: "Who",
    missing: "Type the name as it stands in the token’s username or sub.",
  },
  token: {
    title: "One token",
    hint: "paste it; it is not stored",
    label: "The token",
    missing: "Paste the token.",
  },
  login: {
    title: "A login",
    hint: "a refresh token and all it issued",
    label: "A refresh token, or the login’s id (cs)",
    missing: "Paste the refresh token, or type the id.",
  },
  everybody: {
    title: "Everybody",
    hint: "issued before a moment",
    label: "Issued before",
    missing: "Name a day and a time.",
  },
  rule: { title: "By hand", hint: "your own rule", label: "Rule", missing: "Add a condition." },
};

/** What was typed so far. */
export interface IntentForm {
  /** The field of the intent: a name, a token, an id, a moment. */
  readonly what: string;
  readonly issuer: string;
  readonly reason: string;
  readonly typed: string;
}

export const EMPTY_FORM: IntentForm = { what: "", issuer: "", reason: "", typed: "" };

/** What a broad rule's confirmation asks to type: what it hits. */
export const CONFIRM_WORD = "everybody";

export const MAX_NAME_LENGTH = 1024;
export const MAX_REASON_LENGTH = 1000;

/** A request for the intent without its reason: what the preview is asked with. */
export type IntentBody =
  | { readonly user: string; readonly issuer?: string }
  | { readonly block: string; readonly issuer?: string }
  | { readonly token: string }
  | { readonly family: string }
  | { readonly issuedBefore: number | "now" };

/** Something that cannot be sent yet: "" where the field is just empty, else what is wrong with it. */
export interface FieldProblem {
  readonly problem: string;
}

export function isFieldProblem(outcome: object): outcome is FieldProblem {
  return "problem" in outcome;
}

/** Turns what was typed into a request, or says what is wrong with the field. */
export function toIntentBody(
  intent: Exclude<Intent, "rule">,
  form: IntentForm,
  now: number,
): IntentBody | FieldProblem {
  const what = form.what.trim();
  // What now is, and how far beyond it an issuer's clock may be, the server knows.
  if (what === "") return intent === "everybody" ? { issuedBefore: "now" } : { problem: "" };
  const issuer = form.issuer.trim();
  const more = issuer === "" ? {} : { issuer };
  switch (intent) {
    case "person":
    case "block": {
      // The name is taken as it stands, blanks around it apart: claims are compared exactly.
      const problem = nameProblem(what);
      if (problem !== undefined) return { problem };
      return intent === "person" ? { user: what, ...more } : { block: what, ...more };
    }
    case "token": {
      const token = decodeToken(form.what);
      return isDecoded(token) ? { token: token.compact } : { problem: token };
    }
    case "login": {
      if (!looksLikeToken(what)) return { family: what };
      const token = decodeToken(form.what);
      return isDecoded(token) ? { family: token.compact } : { problem: token };
    }
    case "everybody": {
      const at = parseInputMoment(what);
      if (at === undefined) return { problem: "Name a day and a time." };
      if (at > now) return { problem: "This moment has not come yet. Choose one that is past." };
      return { issuedBefore: at };
    }
  }
}

/** Says what is wrong with a name; undefined for one that can be sent. */
export function nameProblem(name: string): string | undefined {
  if (name.length > MAX_NAME_LENGTH) return `This is longer than ${MAX_NAME_LENGTH} characters.`;
  return looksLikeToken(name)
    ? "This looks like a token. Choose “One token” to revoke it."
    : undefined;
}

/** The reason as it is sent: one line. */
export function toReason(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Says what is wrong with a reason; undefined for one that can be sent. */
export function reasonProblem(text: string): string | undefined {
  const reason = toReason(text);
  if (reason === "") return "Say why: it is kept with the rule, for whoever looks later.";
  if (reason.length > MAX_REASON_LENGTH)
    return `This is longer than ${MAX_REASON_LENGTH} characters.`;
  return looksLikeToken(reason)
    ? "There is a token in this. Reasons are kept and shown: take it out."
    : undefined;
}

/** What the red button and the sentence afterwards call the object of an intent. */
export function toObjectName(intent: Intent, form: IntentForm): string {
  switch (intent) {
    case "person":
    case "block":
      return form.what.trim();
    case "token": {
      const token = decodeToken(form.what);
      const subject = isDecoded(token) ? subjectOf(token.claims) : undefined;
      return subject === undefined ? "this token" : `this token of ${subject}`;
    }
    case "login":
      return `${loginWords(form)} and all it issued`;
    case "everybody":
      return "everybody’s earlier tokens";
    case "rule":
      return "what this rule matches";
  }
}

/** The login's id where one was typed; undefined where it is in a pasted token. */
export function loginId({ what }: IntentForm): string | undefined {
  const id = what.trim();
  return id === "" || looksLikeToken(id) ? undefined : id;
}

function loginWords(form: IntentForm): string {
  const id = loginId(form);
  return id === undefined ? "this login" : `login ${id}`;
}

function subjectOf(claims: Parameters<typeof claimText>[0]): string | undefined {
  return claimText(claims, "username") ?? claimText(claims, "sub");
}

function looksLikeToken(text: string): boolean {
  return /eyJ[\w-]{8,}\.[\w-]*\.[\w-]*/.test(text);
}
