/** Revoke: from what happened to what is sent, its consequence in sight before anything happens. */
import { useRef, useState } from "preact/hooks";
import type { Written } from "../api/types.ts";
import {
  CONFIRM_WORD,
  EMPTY_FORM,
  INTENT_WORDS,
  type Intent,
  type IntentForm,
  isFieldProblem,
  reasonProblem,
  toIntentBody,
  toObjectName,
  toReason,
} from "../logic/intents.ts";
import { toSentence } from "../logic/consequence.ts";
import { mayAct } from "../logic/roles.ts";
import { ConsequencePanel } from "../parts/consequence.tsx";
import { Heading } from "../parts/heading.tsx";
import { IntentCards } from "../parts/intent-cards.tsx";
import { IntentFields } from "../parts/intent-fields.tsx";
import { Notice } from "../parts/notice.tsx";
import { useOnceKey } from "../state/once.ts";
import { usePreview } from "../state/preview.ts";
import { WAIT } from "../state/changes.ts";
import { useServices } from "../state/services.ts";
import { useTask } from "../state/task.ts";
import { focusWrong } from "../parts/focus-wrong.ts";
import { Builder } from "./builder.tsx";

export function Revoke({ intent }: { readonly intent: Intent }) {
  const { session } = useServices();
  const isAllowed = mayAct(session.me.value?.role ?? "viewer", "operator");
  return (
    <>
      <Heading title="Revoke" hint="Start from what happened. Nothing changes until you confirm." />
      {!isAllowed && (
        <Notice tone="warn">
          You may look at everything and try everything out; writing rules needs an operator.
        </Notice>
      )}
      <IntentCards current={intent} />
      {intent === "rule" ? (
        <Builder isAllowed={isAllowed} />
      ) : (
        <RevokeForm key={intent} intent={intent} isAllowed={isAllowed} />
      )}
    </>
  );
}

type PlainIntent = Exclude<Intent, "rule">;

function RevokeForm({
  intent,
  isAllowed,
}: {
  readonly intent: PlainIntent;
  readonly isAllowed: boolean;
}) {
  const { api, changes, now, router } = useServices();
  const isPerson = intent === "person" || intent === "block";
  const begin = (): IntentForm => ({
    ...EMPTY_FORM,
    what: isPerson ? (router.query.peek().get("who") ?? "") : "",
  });
  const [form, setForm] = useState(begin);
  const [isTried, setTried] = useState(false);
  const [isHalfTyped, setHalfTyped] = useState(false);
  const task = useTask();
  const once = useOnceKey();
  const fields = useRef<HTMLDivElement>(null);

  const body = toIntentBody(intent, form, now.peek());
  const preview = usePreview(isFieldProblem(body) ? undefined : body);
  const name = toObjectName(intent, form);
  const verb = intent === "block" ? "Block" : "Revoke";
  const isBroad = intent === "everybody";
  const wrong = {
    what: isFieldProblem(body) ? body.problem || INTENT_WORDS[intent].missing : undefined,
    reason: reasonProblem(form.reason),
    typed:
      isBroad && form.typed.trim() !== CONFIRM_WORD
        ? `Type “${CONFIRM_WORD}” to confirm.`
        : undefined,
  };
  const change = (next: Partial<IntentForm>) => {
    setForm({ ...form, ...next });
    setHalfTyped(false);
    task.forget();
  };
  const revoke = () => {
    setTried(true);
    // A moment typed in part has no value: it is not an empty field, which would mean now.
    const isPart = fields.current?.querySelector("input:invalid") instanceof HTMLElement;
    setHalfTyped(isPart);
    if (isPart || isFieldProblem(body) || Object.values(wrong).some((one) => one !== undefined)) {
      requestAnimationFrame(() => focusWrong(fields.current));
      return;
    }
    if (preview.data === undefined) return;
    const full = { ...body, reason: toReason(form.reason), ...(isBroad ? { confirm: "all" } : {}) };
    const text = JSON.stringify(full);
    // The same request sent once more after a lost answer does not make a second rule.
    const headers = once.headersFor(text);
    const what = intent === "block" ? `${name} is blocked` : `${sentenceOf(name, intent)} revoked`;
    task.run(async () => {
      await changes.make(what, true, () =>
        api.call<Written>("/revocations", { method: "POST", query: WAIT, body: text, headers }),
      );
      once.forget();
      setForm(EMPTY_FORM);
      setTried(false);
    });
  };
  return (
    <div class="grid halves">
      <div class="panel" ref={fields}>
        <IntentFields
          intent={intent}
          form={form}
          onChange={change}
          wrong={{
            what: isHalfTyped
              ? "Name a day and a time, or leave it empty."
              : isTried || (isFieldProblem(body) && body.problem !== "")
                ? (wrong.what ?? preview.refusal)
                : preview.refusal,
            reason: isTried ? wrong.reason : undefined,
          }}
        />
      </div>
      <ConsequencePanel
        preview={preview}
        sentence={(shown) => toSentence(intent, form, shown)}
        problem={task.problem}
        retry={revoke}
        isAllowed={isAllowed}
        isBusy={task.isBusy}
        action={
          form.what.trim() === "" && !isBroad ? (
            verb
          ) : (
            <>
              {verb} <span class="object">{name}</span>
            </>
          )
        }
        onAct={revoke}
        confirm={
          isBroad
            ? {
                value: form.typed,
                onInput: (typed) => change({ typed }),
                problem: isTried ? wrong.typed : undefined,
              }
            : undefined
        }
      />
    </div>
  );
}

function sentenceOf(name: string, intent: PlainIntent): string {
  const upper = name.charAt(0).toUpperCase() + name.slice(1);
  if (intent === "person") return `${name} is`;
  return intent === "everybody" ? `${upper} are` : `${upper} is`;
}
