/** The left half of Revoke: the field of the intent, and why. */
import {
  type Intent,
  INTENT_WORDS,
  type IntentForm,
  MAX_NAME_LENGTH,
  MAX_REASON_LENGTH,
} from "../logic/intents.ts";
import { toRevokePath } from "../logic/routes.ts";
import { decodeToken, isDecoded } from "../logic/token.ts";
import { useServices } from "../state/services.ts";
import { Field } from "./field.tsx";
import { TokenSummary } from "./token-summary.tsx";

export interface IntentFieldsProps {
  readonly intent: Exclude<Intent, "rule">;
  readonly form: IntentForm;
  readonly onChange: (next: Partial<IntentForm>) => void;
  readonly wrong: { readonly what: string | undefined; readonly reason: string | undefined };
}

export function IntentFields({ intent, form, onChange, wrong }: IntentFieldsProps) {
  const isPerson = intent === "person" || intent === "block";
  const isToken = intent === "token" || intent === "login";
  return (
    <>
      <Field
        label={INTENT_WORDS[intent].label}
        hint={<What intent={intent} />}
        value={form.what}
        onInput={(what) => onChange({ what })}
        problem={wrong.what}
        hasFocus
        isRequired={intent !== "everybody"}
        {...(isToken ? { lines: 5, isMono: true } : {})}
        {...(isPerson ? { maxLength: MAX_NAME_LENGTH, name: "who" } : {})}
        {...(intent === "everybody" ? { type: "datetime-local" as const } : {})}
      />
      {isToken && <Pasted text={form.what} />}
      <Field
        label="Why"
        more="kept in the audit"
        lines={3}
        value={form.reason}
        onInput={(reason) => onChange({ reason })}
        problem={wrong.reason}
        isRequired
        maxLength={MAX_REASON_LENGTH}
      />
      {isPerson && (
        <details>
          <summary>Only tokens of one issuer</summary>
          <Field
            label="Issuer"
            more="the exact iss"
            hint="Leave it empty for the tokens of every issuer."
            value={form.issuer}
            onInput={(issuer) => onChange({ issuer })}
            maxLength={MAX_NAME_LENGTH}
          />
        </details>
      )}
      <p class="hint">
        None of these fits? <a href={toRevokePath("rule")}>Write a rule by hand</a>
      </p>
    </>
  );
}

function What({ intent }: { readonly intent: IntentFieldsProps["intent"] }) {
  switch (intent) {
    case "person":
      return (
        <>
          The name as it stands in the token’s username or sub. They can sign in again afterwards.
        </>
      );
    case "block":
      return (
        <>
          The name as it stands in the token’s username or sub. No token of theirs works until this
          is lifted.
        </>
      );
    case "token":
      return <>It is decoded here, sent to ask about it, and kept nowhere.</>;
    case "login":
      return <>The refresh token and every access token it issued stop working.</>;
    case "everybody":
      return <ZoneHint />;
  }
}

function ZoneHint() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return (
    <>
      Leave it empty for everything until now; else in your time zone, {timeZone}. Everybody has to
      sign in again.
    </>
  );
}

function Pasted({ text }: { readonly text: string }) {
  const { session } = useServices();
  if (session.me.value === null || !text.includes(".")) return null;
  const token = decodeToken(text);
  return isDecoded(token) ? <TokenSummary token={token} /> : null;
}
