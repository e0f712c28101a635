/** Says what an intent does the way one person would tell another; the rule's own words stand beneath. */
import type { Preview } from "../api/types.ts";
import { type Intent, type IntentForm, loginId } from "./intents.ts";
import { formatCount, formatCounted, formatDuration } from "./number.ts";
import { formatExact, parseInputMoment } from "./time.ts";

/** A sentence with the parts that matter apart. */
export type Sentence = readonly (string | { readonly strong: string })[];

/** @returns undefined where the rule's own words say it best */
export function toSentence(
  intent: Intent,
  form: IntentForm,
  preview: Preview,
): Sentence | undefined {
  const who = { strong: form.what.trim() };
  const of = preview.issuer === undefined ? [] : [" from ", { strong: preview.issuer }];
  switch (intent) {
    case "person":
      return [
        "Every token of ",
        who,
        ...of,
        ` issued ${untilWords(preview)} stops working. They can sign in again after that.`,
      ];
    case "block":
      return [
        "Every token of ",
        who,
        ...of,
        " stops working, those still to be issued too, until this is lifted.",
      ];
    case "token":
      return ["This one token", ...ofWhom(preview), " stops working. Their other tokens go on."];
    case "login":
      return [...ofLogin(form, preview), " and every token it issued stop working."];
    case "everybody": {
      const at = parseInputMoment(form.what);
      const everybody = { strong: "Everybody’s" };
      if (at === undefined) {
        const until = untilWords(preview);
        const then = "Everybody has to sign in again after that.";
        return [everybody, ` tokens issued ${until} stop working. ${then}`];
      }
      return [
        everybody,
        " tokens issued until ",
        { strong: formatExact(at) },
        " stop working. Who has not signed in since has to sign in again.",
      ];
    }
    case "rule":
      return undefined;
  }
}

/** The moment is that of the press: any that could be named before would be another. */
function untilWords({ aheadSeconds = 0 }: Preview): string {
  const ahead = formatDuration(aheadSeconds);
  return `until you press the button, and up to ${ahead} after (clocks differ),`;
}

function ofLogin(form: IntentForm, preview: Preview): Sentence {
  const id = loginId(form);
  if (id === undefined) return ["This login", ...ofWhom(preview)];
  return ["Login ", { strong: id }, ...ofWhom(preview)];
}

function ofWhom({ subject }: Preview): Sentence {
  return subject === undefined ? [] : [" of ", { strong: subject }];
}

/** What the count of tokens does not cover, in words; nothing where it covers them all. */
export function toGaps({ of, notLookedAt, leftOut }: Preview["seen"]): readonly string[] {
  const gaps: string[] = [];
  if (notLookedAt > 0) {
    const all = formatCount(of + notLookedAt);
    gaps.push(
      `This rule takes long to try: only ${formatCount(of)} of the ${all} tokens seen lately were looked at.`,
    );
  }
  if (leftOut > 0) {
    const tokens = formatCounted(leftOut, "encrypted token", "encrypted tokens");
    gaps.push(`Not counted: ${tokens}. What they say is for operators to see.`);
  }
  return gaps;
}

/** What would become of the token that the rule is tried on. */
export function toTrial({ matches, claimsHidden }: NonNullable<Preview["test"]>): string {
  if (claimsHidden === true) return "not said: it is encrypted, and this needs an operator";
  return matches === true ? "would be refused" : "would still pass";
}

/** A rule that hits everything one has seen is rarely meant. */
export function hitsAllSeen({ scope, seen }: Preview): boolean {
  return scope === "global" && seen.of > 1 && seen.matched === seen.of;
}
