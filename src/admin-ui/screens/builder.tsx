/** A rule by hand: conditions and JSON beside each other, each following the other. */
import { useMemo, useRef, useState } from "preact/hooks";
import type { Written } from "../api/types.ts";
import {
  CONFIRM_WORD,
  MAX_NAME_LENGTH,
  MAX_REASON_LENGTH,
  reasonProblem,
  toReason,
} from "../logic/intents.ts";
import { decodeToken, isDecoded } from "../logic/token.ts";
import { createNextId, type Group, newMember } from "../logic/rule-model.ts";
import { findRow, findRuleProblems, type RuleProblems } from "../logic/rule-problems.ts";
import { findRuleWarnings } from "../logic/rule-warnings.ts";
import { isTextProblem, parseRuleText, type TextProblem, toRuleText } from "../logic/rule-text.ts";
import { parseInputMoment } from "../logic/time.ts";
import { ConsequencePanel } from "../parts/consequence.tsx";
import { Field, Select, Wrong } from "../parts/field.tsx";
import { GroupEditor } from "../parts/group-editor.tsx";
import { RuleTextField, UnreadRule } from "../parts/rule-text-field.tsx";
import { WAIT } from "../state/changes.ts";
import { useOnceKey } from "../state/once.ts";
import { usePreview } from "../state/preview.ts";
import { useServices } from "../state/services.ts";
import { useTask } from "../state/task.ts";
import { toRequestText } from "../logic/rule-request.ts";
import { focusWrong } from "../parts/focus-wrong.ts";

interface Around {
  readonly scope: "subject" | "global";
  readonly subject: string;
  readonly issuer: string;
  readonly ends: string;
  readonly reason: string;
  readonly typed: string;
  readonly test: string;
}

const NOTHING: Around = {
  scope: "subject",
  subject: "",
  issuer: "",
  ends: "",
  reason: "",
  typed: "",
  test: "",
};

const NO_PROBLEMS: RuleProblems = new Map();

export function Builder({ isAllowed }: { readonly isAllowed: boolean }) {
  const { api, changes, now } = useServices();
  const nextId = useMemo(createNextId, []);
  const [group, setGroup] = useState<Group>(() => ({ any: false, items: [newMember(nextId)] }));
  const [text, setText] = useState<string>();
  const [textProblem, setTextProblem] = useState<TextProblem>();
  const [around, setAround] = useState<Around>(NOTHING);
  const [isTried, setTried] = useState(false);
  const task = useTask();
  const once = useOnceKey();
  const scope = useRef<HTMLDivElement>(null);

  const set = (next: Partial<Around>) => {
    setAround({ ...around, ...next });
    task.forget();
  };
  const build = (next: Group) => {
    setGroup(next);
    setText(undefined);
    setTextProblem(undefined);
    task.forget();
  };
  const type = (next: string) => {
    setText(next);
    const read = parseRuleText(next, nextId);
    setTextProblem(isTextProblem(read) ? read : undefined);
    if (!isTextProblem(read)) setGroup(read);
    task.forget();
  };

  const own = findRuleProblems(group);
  const isGlobal = around.scope === "global";
  const ends = around.ends === "" ? 0 : parseInputMoment(around.ends);
  const test = around.test.trim() === "" ? undefined : decodeToken(around.test);
  const wrong = {
    subject: !isGlobal && around.subject.trim() === "" ? "Say whose tokens it is for." : undefined,
    ends: endsProblem(ends, now.peek()),
    reason: reasonProblem(around.reason),
    typed:
      isGlobal && around.typed.trim() !== CONFIRM_WORD
        ? `Type “${CONFIRM_WORD}” to confirm.`
        : undefined,
  };
  const isRuleWhole = own.size === 0 && textProblem === undefined;
  const isWhole = isRuleWhole && wrong.subject === undefined && wrong.ends === undefined;
  const request = isWhole ? toRequestText(toRuleText(group), around, ends ?? 0) : undefined;
  const preview = usePreview(
    request === undefined
      ? undefined
      : request(test !== undefined && isDecoded(test) ? { test: test.compact } : {}),
  );
  const { problem } = task;
  const refused = preview.refusal ?? (problem?.status === 422 ? problem.message : undefined);
  const refusedAt = preview.path ?? problem?.path;
  const isAboutRule = refusedAt === undefined || refusedAt.startsWith("/rule") || refusedAt === "";
  const problems =
    refused !== undefined && isAboutRule
      ? new Map([...own, [findRow(group, refusedAt ?? ""), refused]])
      : own;

  const isShown = isTried || refused !== undefined || text !== undefined;

  const write = () => {
    setTried(true);
    if (request === undefined || wrong.reason !== undefined || wrong.typed !== undefined) {
      requestAnimationFrame(() => focusWrong(scope.current));
      return;
    }
    if (preview.data === undefined) return;
    const body = request({ reason: toReason(around.reason) });
    const headers = once.headersFor(body);
    const what = isGlobal
      ? "A rule for everybody is in force"
      : `A rule for ${around.subject.trim()} is in force`;
    task.run(async () => {
      await changes.make(what, true, () =>
        api.call<Written>("/rules", { method: "POST", query: WAIT, body, headers }),
      );
      once.forget();
      build({ any: false, items: [newMember(nextId)] });
      setAround(NOTHING);
      setTried(false);
    });
  };

  return (
    <div class="grid halves">
      <div class="panel" ref={scope}>
        <Select
          label="For whom"
          value={around.scope}
          onChange={(value) => set({ scope: value })}
          options={[
            ["subject", "The tokens of one person"],
            ["global", "Everybody’s tokens"],
          ]}
        />
        {!isGlobal && (
          <Field
            label="Who"
            hint="The name as it stands in the token’s username or sub."
            value={around.subject}
            onInput={(subject) => set({ subject })}
            problem={isTried ? wrong.subject : undefined}
            isRequired
            maxLength={MAX_NAME_LENGTH}
          />
        )}
        <fieldset class="field">
          <legend class="label">
            <b>A token is refused if</b>
          </legend>
          {textProblem === undefined ? (
            <GroupEditor
              group={group}
              nextId={nextId}
              onChange={build}
              problems={isShown ? problems : NO_PROBLEMS}
              warnings={findRuleWarnings(group)}
              isTop
            />
          ) : (
            <UnreadRule onBack={() => build(group)} />
          )}
          {problems.get(0) !== undefined && isShown && textProblem === undefined && (
            <Wrong>{problems.get(0) ?? ""}</Wrong>
          )}
        </fieldset>
        <RuleTextField text={text ?? toRuleText(group)} problem={textProblem} onInput={type} />
        <Field
          label="Ends by itself"
          more="empty: until lifted"
          type="datetime-local"
          value={around.ends}
          onInput={(value) => set({ ends: value })}
          problem={wrong.ends}
        />
        <Field
          label="Why"
          more="kept in the audit"
          lines={2}
          value={around.reason}
          onInput={(reason) => set({ reason })}
          problem={isTried ? wrong.reason : undefined}
          isRequired
          maxLength={MAX_REASON_LENGTH}
        />
        <details>
          <summary>Try it on a token, or only tokens of one issuer</summary>
          <Field
            label="A token to try it on"
            more="kept nowhere"
            lines={3}
            isMono
            value={around.test}
            onInput={(value) => set({ test: value })}
            problem={test !== undefined && !isDecoded(test) ? test : undefined}
          />
          {!isGlobal && (
            <Field
              label="Issuer"
              more="the exact iss"
              value={around.issuer}
              onInput={(issuer) => set({ issuer })}
              maxLength={MAX_NAME_LENGTH}
            />
          )}
        </details>
      </div>
      <ConsequencePanel
        preview={preview}
        empty={textProblem === undefined ? undefined : "The JSON cannot be read yet."}
        problem={problem?.status === 422 && isAboutRule ? undefined : problem}
        retry={write}
        isAllowed={isAllowed}
        isBusy={task.isBusy}
        action={
          <>
            Revoke for{" "}
            <span class="object">
              {isGlobal ? "everybody" : around.subject.trim() || "this person"}
            </span>
          </>
        }
        onAct={write}
        confirm={
          isGlobal
            ? {
                value: around.typed,
                onInput: (typed) => set({ typed }),
                problem: isTried ? wrong.typed : undefined,
              }
            : undefined
        }
      />
    </div>
  );
}

function endsProblem(ends: number | undefined, now: number): string | undefined {
  if (ends === undefined) return "Name a day and a time, or leave it empty.";
  return ends !== 0 && ends <= now ? "This moment is past: the rule would do nothing." : undefined;
}
