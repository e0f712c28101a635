/** A search that runs when one pauses. */
import { useEffect, useId, useRef, useState } from "preact/hooks";

const PAUSE_MS = 250;

export function SearchField({
  label,
  isLabelHidden = false,
  value,
  onSearch,
}: {
  readonly label: string;
  /** Where it stands in the field instead, as long as that is empty. */
  readonly isLabelHidden?: boolean;
  readonly value: string;
  readonly onSearch: (value: string) => void;
}) {
  const id = useId();
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  // Back and links change it from outside.
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div class="field grow">
      <label class={isLabelHidden ? "hidden" : ""} for={id}>
        {label}
      </label>
      <input
        id={id}
        type="search"
        class="input"
        placeholder={isLabelHidden ? label : ""}
        autocomplete="off"
        spellcheck={false}
        maxLength={1024}
        value={text}
        onInput={({ currentTarget }) => {
          const next = currentTarget.value;
          setText(next);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => onSearch(next.trim()), PAUSE_MS);
        }}
      />
    </div>
  );
}
