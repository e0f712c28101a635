/** Says what an intent does the way one person would tell another; the rule's own words stand beneath. */
import type { Preview } from "../api/types.ts";
import type { Intent, IntentForm } from "./intents.ts";
import { formatCount, formatCounted, formatDuration } from "./number.ts";
import { formatClock, formatExact, parseInputMoment } from "./time.ts";

/** A sentence with the parts that matter apart. */
export type Sentence = readonly (string | { readonly strong: string })[];

/**
 * @param now Unix seconds: how far ahead the moment lies up to which tokens are refused
 * @returns undefined where the rule's own words say it best
 */
export function toSentence(
  intent: Intent,
  form: IntentForm,
  preview: Preview,
  now: number,
): Sentence | undefined {
  const who = { strong: form.what.trim() };
  const of = preview.issuer === undefined ? [] : [" from ", { strong: preview.issuer }];
  switch (intent) {
    case "person": {
      const until = preview.rule?.iat?.lte ?? now;
      return [
        "Every token of ",
        who,
        ...of,
        " issued until ",
        { strong: formatClock(until) },
        " stops working. They can sign in again.",
        ...aheadWords(until - now),
      ];
    }
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
      return ["This login", ...ofWhom(preview), " and every token it issued stop working."];
    case "everybody": {
      const at = parseInputMoment(form.what);
      const until = preview.rule?.iat?.lte;
      const clock = until === undefined ? "now" : formatClock(until);
      return [
        { strong: "Everybody’s" },
        " tokens issued until ",
        { strong: at === undefined ? clock : formatExact(at) },
        " stop working. Everybody has to sign in again.",
        ...(at === undefined && until !== undefined ? aheadWords(until - now) : []),
      ];
    }
    case "rule":
      return undefined;
  }
}

/** The rule reaches beyond now by what issuers' clocks may be ahead. */
function aheadWords(seconds: number): Sentence {
  if (seconds < 1) return [];
  return [
    ` That is ${formatDuration(seconds)} from now, for clocks that differ: who signs in before then has to sign in once more.`,
  ];
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
