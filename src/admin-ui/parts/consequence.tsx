/** The right half of Revoke: what will happen, in words and numbers, above the button that does it. */
import type { ComponentChildren } from "preact";
import type { ApiProblem } from "../api/problem.ts";
import type { Preview } from "../api/types.ts";
import { CONFIRM_WORD } from "../logic/intents.ts";
import { hitsAllSeen, toGaps, toTrial, type Sentence } from "../logic/consequence.ts";
import { formatCount } from "../logic/number.ts";
import { namesAnId } from "../logic/rule-aim.ts";
import { parseTree } from "../logic/rule-json.ts";
import { toReach } from "../logic/silence.ts";
import type { PreviewState } from "../state/preview.ts";
import { useServices } from "../state/services.ts";
import { Button } from "./button.tsx";
import { Field } from "./field.tsx";
import { Notice, ProblemNotice } from "./notice.tsx";
import { ExactWords } from "./rule-words.tsx";
import { Ends, Time } from "./time.tsx";

export interface ConsequenceProps {
  readonly preview: PreviewState;
  /** Says it better than the rule's own words, where there is an intent behind it. */
  readonly sentence?: (preview: Preview) => Sentence | undefined;
  /** Why nothing can be said yet, where it is not that nothing was typed. */
  readonly empty?: string | undefined;
  readonly problem: ApiProblem | undefined;
  readonly retry: () => void;
  readonly isAllowed: boolean;
  readonly isBusy: boolean;
  /** What the red button says: it names its object. */
  readonly action: ComponentChildren;
  readonly onAct: () => void;
  /** There where what it hits has to be typed. */
  readonly confirm:
    | {
        readonly value: string;
        readonly onInput: (value: string) => void;
        readonly problem: string | undefined;
      }
    | undefined;
}

export function ConsequencePanel(props: ConsequenceProps) {
  const { preview, problem, isAllowed, isBusy, action, confirm } = props;
  const shown = preview.data ?? (preview.isAsking ? preview.former : undefined);
  return (
    <section class="panel happens" aria-label="What will happen">
      <h2>What will happen</h2>
      <div role="status" aria-busy={preview.isAsking}>
        {shown === undefined ? (
          <p class="sentence soft">
            {preview.isAsking
              ? "Looking…"
              : (props.empty ?? "Nothing yet. It is said here before anything happens.")}
          </p>
        ) : (
          <Consequence
            preview={shown}
            ruleText={preview.ruleText}
            sentence={props.sentence?.(shown)}
            isOld={preview.data === undefined}
          />
        )}
      </div>
      {preview.problem !== undefined && (
        <ProblemNotice problem={preview.problem} retry={preview.retry} />
      )}
      {isAllowed && confirm !== undefined && (
        <div class="gap">
          <Field
            label={`Type “${CONFIRM_WORD}” to confirm`}
            value={confirm.value}
            onInput={confirm.onInput}
            problem={confirm.problem}
            isRequired
          />
        </div>
      )}
      {problem !== undefined && (
        <div class="gap">
          <ProblemNotice problem={problem} retry={props.retry} />
        </div>
      )}
      {isAllowed && (
        <div class="buttons">
          <Button
            kind="danger"
            isBusy={isBusy}
            isDisabled={preview.data === undefined}
            onClick={props.onAct}
          >
            {action}
          </Button>
        </div>
      )}
    </section>
  );
}

function Consequence({
  preview,
  ruleText,
  sentence,
  isOld,
}: {
  readonly preview: Preview;
  readonly ruleText: string | undefined;
  readonly sentence: Sentence | undefined;
  readonly isOld: boolean;
}) {
  const { live } = useServices();
  const { seen } = preview;
  const verifiers = live.snapshot.value?.verifiers;
  const gaps = toGaps(seen);
  return (
    <div class={isOld ? "stale" : ""}>
      <p class="sentence">
        {sentence === undefined ? (
          <ExactWords text={preview.words} />
        ) : (
          <Words sentence={sentence} />
        )}
      </p>
      <dl class="facts">
        <div>
          <dt>Tokens it refuses</dt>
          <dd>
            <b>{seen.of === 0 ? "none seen yet" : formatCount(seen.matched)}</b>
            {seen.since !== undefined && (
              <span class="hint">
                {" "}
                of {formatCount(seen.of)} seen lately, the first <Time at={seen.since} />
              </span>
            )}
          </dd>
        </div>
        <div>
          <dt>People affected</dt>
          <dd>
            <People preview={preview} />
          </dd>
        </div>
        <div>
          <dt>Stands</dt>
          <dd>
            <b>
              {preview.expireAt === 0 ? (
                "until lifted"
              ) : (
                <>
                  ends <Ends at={preview.expireAt} />
                </>
              )}
            </b>
          </dd>
        </div>
        {verifiers !== undefined && (
          <div>
            <dt>Enforced on</dt>
            <dd>
              <b>{toReach(verifiers)}</b>
            </dd>
          </div>
        )}
        {preview.test !== undefined && (
          <div>
            <dt>The token you try it on</dt>
            <dd>
              <b>{toTrial(preview.test)}</b>
            </dd>
          </div>
        )}
      </dl>
      {hitsAllSeen(preview) && (
        <Notice tone="warn">
          <b>
            {gaps.length === 0
              ? "It matches every token seen lately."
              : "It matches every token that was looked at."}
          </b>{" "}
          {sentence === undefined && "New tokens may be refused too."}
        </Notice>
      )}
      {gaps.map((gap) => (
        <p class="hint gap-small" key={gap}>
          {gap}
        </p>
      ))}
      {seen.unknownClaims.length > 0 && (
        <p class="hint gap-small">
          Not watched until now: {seen.unknownClaims.join(", ")}. The count does not know about it
          yet; try again in a while.
        </p>
      )}
      {ruleText !== undefined && (
        <details>
          <summary>Rule that will be written</summary>
          <p class="hint field">
            <ExactWords text={preview.words} />
            {preview.aheadSeconds !== undefined && " Its moment is set when you press the button."}
          </p>
          <pre class="json" tabIndex={0}>
            {ruleText}
          </pre>
          <p class="hint gap-small">
            {whomOf(preview, ruleText)}
            {preview.issuer !== undefined && `, tokens of ${preview.issuer}`}
          </p>
        </details>
      )}
    </div>
  );
}

function Words({ sentence }: { readonly sentence: Sentence }) {
  return (
    <>
      {sentence.map((part, index) =>
        typeof part === "string" ? (
          part
        ) : (
          <b class="name" key={index}>
            {part.strong}
          </b>
        ),
      )}
    </>
  );
}

function whomOf({ scope, subject }: Preview, ruleText: string): string {
  if (scope === "subject") return `Only for ${subject ?? ""}`;
  return namesAnId(parseTree(ruleText)) ? "No person named" : "For everybody";
}

const PEOPLE_SHOWN = 5;

function People({ preview: { scope, subject, seen } }: { readonly preview: Preview }) {
  if (seen.subjectCount === 0)
    return <b>{scope === "subject" ? `only ${subject ?? ""}` : "none seen lately"}</b>;
  const shown = seen.subjects.slice(0, PEOPLE_SHOWN);
  const more = seen.subjectCount - shown.length;
  return (
    <b>
      {shown.flatMap((name, n) => [
        <span class="name" key={name}>
          {n < shown.length - 1 ? `${name},` : name}
        </span>,
        " ",
      ])}
      {more > 0 && `and ${formatCount(more)} more`}
    </b>
  );
}
