/** The rule as JSON, to be read or typed; an error is named with its line and column and can be gone to. */
import { useId, useRef } from "preact/hooks";
import { toPlace } from "../logic/json-tree.ts";
import type { TextProblem } from "../logic/rule-text.ts";
import { Button } from "./button.tsx";
import { Wrong } from "./field.tsx";

export interface RuleTextFieldProps {
  readonly text: string;
  readonly problem: TextProblem | undefined;
  readonly onInput: (text: string) => void;
}

export function RuleTextField({ text, problem, onInput }: RuleTextFieldProps) {
  const id = useId();
  const ref = useRef<HTMLTextAreaElement>(null);
  const place = problem === undefined ? undefined : toPlace(text, problem.at);
  const goThere = () => {
    const at = problem?.at ?? 0;
    ref.current?.focus();
    ref.current?.setSelectionRange(at, Math.min(at + 1, text.length));
  };
  return (
    <div class="field">
      <label for={id}>
        The same as JSON <span class="soft">— either side can be edited</span>
      </label>
      <textarea
        id={id}
        ref={ref}
        class="input mono"
        rows={Math.min(16, Math.max(4, text.split("\n").length))}
        spellcheck={false}
        autocomplete="off"
        aria-invalid={problem !== undefined}
        {...(problem === undefined ? {} : { "aria-describedby": `${id}p` })}
        value={text}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      {problem !== undefined && place !== undefined && (
        <>
          <Wrong
            id={`${id}p`}
          >{`Line ${place.line}, column ${place.column}: ${problem.message}`}</Wrong>
          <Button kind="quiet" onClick={goThere}>
            Go there
          </Button>
        </>
      )}
    </div>
  );
}

/** In the place of the conditions: they would be of another rule than the one that stands there. */
export function UnreadRule({ onBack }: { readonly onBack: () => void }) {
  return (
    <div class="group">
      <p class="hint">There are no conditions while the JSON below cannot be read.</p>
      <Button kind="quiet" onClick={onBack}>
        Discard the JSON, back to the last conditions
      </Button>
    </div>
  );
}
