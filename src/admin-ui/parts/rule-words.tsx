/** What a rule refuses, in plain words; times in it do not break. */
import { type RulePart, toRuleWords } from "../logic/rule-words.ts";
import type { ReadRule } from "../logic/rule-json.ts";
import { Time } from "./time.tsx";

export function RuleWords({ rule }: { readonly rule: ReadRule }) {
  return (
    <>
      {toRuleWords(rule).map((part, index) => (
        <Part key={index} part={part} />
      ))}
    </>
  );
}

function Part({ part }: { readonly part: RulePart }) {
  return typeof part === "string" ? <ExactWords text={part} /> : <Time at={part.at} isMoment />;
}

const MOMENT = /(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC)/;

/** A text with moments in it: at its hyphens they would be torn. */
export function ExactWords({ text }: { readonly text: string }) {
  return (
    <>
      {text.split(MOMENT).map((part, index) =>
        MOMENT.test(part) ? (
          <span class="nowrap" key={index}>
            {part}
          </span>
        ) : (
          part
        ),
      )}
    </>
  );
}
