/** A search that runs when one pauses. */
import { useEffect, useId, useRef, useState } from "preact/hooks";

const PAUSE_MS = 250;

export function SearchField({
  label,
  value,
  onSearch,
}: {
  readonly label: string;
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
    <div class="grow">
      <label class="hidden" for={id}>
        {label}
      </label>
      <input
        id={id}
        type="search"
        class="input"
        placeholder={label}
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
