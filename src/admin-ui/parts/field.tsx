/** A labelled field that says what is wrong with it and keeps what was typed. */
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useId } from "preact/hooks";
import { Icon } from "./icon.tsx";

export interface FieldProps {
  readonly label: string;
  /** Said behind the label in plain type. */
  readonly more?: string;
  readonly hint?: ComponentChildren;
  /** What is wrong; "" or undefined where nothing is. */
  readonly problem?: string | undefined;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly onBlur?: () => void;
  readonly type?: "text" | "password" | "datetime-local";
  readonly lines?: number;
  readonly isMono?: boolean;
  readonly isRequired?: boolean;
  readonly hasFocus?: boolean;
  readonly autocomplete?: string;
  readonly name?: string;
  readonly maxLength?: number;
  readonly placeholder?: string;
  readonly inputRef?: RefObject<(HTMLInputElement & HTMLTextAreaElement) | null>;
}

interface SharedProps {
  readonly id: string;
  readonly value: string;
  readonly autocapitalize: "off";
  readonly onInput: (event: { readonly currentTarget: { readonly value: string } }) => void;
}

export function Field(props: FieldProps) {
  const id = useId();
  const { label, more, hint, problem, lines, hasFocus, inputRef } = props;
  useEffect(() => {
    // Browsers obey `autofocus` once for a document; in a dialog, when it opens.
    if (hasFocus === true) document.getElementById(id)?.focus({ preventScroll: true });
  }, []);
  const hasProblem = problem !== undefined && problem !== "";
  const hasHint = hint !== undefined && hint !== "";
  const describedBy = [...(hasHint ? [`${id}h`] : []), ...(hasProblem ? [`${id}p`] : [])].join(" ");
  const shared = {
    id,
    class: `input${props.isMono === true ? " mono" : ""}`,
    value: props.value,
    name: props.name ?? label.toLowerCase().replace(/\W+/g, "-"),
    "aria-invalid": hasProblem,
    "aria-required": props.isRequired === true,
    ...(describedBy === "" ? {} : { "aria-describedby": describedBy }),
    autocomplete: props.autocomplete ?? "off",
    spellcheck: false,
    autocapitalize: "off" as const,
    autofocus: hasFocus === true,
    ...(props.maxLength === undefined ? {} : { maxLength: props.maxLength }),
    ...(props.placeholder === undefined ? {} : { placeholder: props.placeholder }),
    ...(inputRef === undefined ? {} : { ref: inputRef }),
    ...(props.onBlur === undefined ? {} : { onBlur: props.onBlur }),
    onInput: (event: { readonly currentTarget: { readonly value: string } }) =>
      props.onInput(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>
        {label} {more !== undefined && <span class="soft">— {more}</span>}
      </label>
      {lines === undefined ? (
        <OneLine type={props.type ?? "text"} shared={shared} />
      ) : (
        <textarea rows={lines} {...shared} />
      )}
      {hasHint && (
        <div class="hint" id={`${id}h`}>
          {hint}
        </div>
      )}
      {hasProblem && <Wrong id={`${id}p`}>{problem}</Wrong>}
    </div>
  );
}

/** Each type by itself, as the types of elements know them. */
function OneLine({ type, shared }: { readonly type: string; readonly shared: SharedProps }) {
  switch (type) {
    case "password":
      return <input type="password" {...shared} />;
    case "datetime-local":
      return <input type="datetime-local" step={1} {...shared} />;
    default:
      return <input type="text" {...shared} />;
  }
}

/** What is wrong with a field, said at once to a screen reader too. */
export function Wrong({ id, children }: { readonly id?: string; readonly children: string }) {
  return (
    <div class="wrong" role="alert" {...(id === undefined ? {} : { id })}>
      <Icon name="stop" />
      <span>{children}</span>
    </div>
  );
}

export interface SelectProps<T extends string> {
  readonly label: string;
  /** Where the label is for screen readers only, as the options say enough. */
  readonly isLabelHidden?: boolean;
  readonly value: T;
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly onChange: (value: T) => void;
}

export function Select<T extends string>({
  label,
  isLabelHidden,
  value,
  options,
  onChange,
}: SelectProps<T>) {
  const id = useId();
  return (
    <div class={isLabelHidden === true ? "" : "field"}>
      <label for={id} class={isLabelHidden === true ? "hidden" : ""}>
        {label}
      </label>
      <select
        id={id}
        class="input"
        value={value}
        onChange={({ currentTarget }) => {
          const chosen = options.find(([one]) => one === currentTarget.value);
          if (chosen !== undefined) onChange(chosen[0]);
        }}
      >
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
