/** A screen's head: its title, which takes the focus when one comes here, and a sentence. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Heading({
  title,
  hint,
  children,
}: {
  readonly title: string;
  readonly hint?: ComponentChildren;
  readonly children?: ComponentChildren;
}) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · haproxy-jwt`;
    // A field that asks for the focus itself keeps it.
    const { activeElement } = document;
    if (
      activeElement === null ||
      activeElement === document.body ||
      activeElement.closest(".nav") !== null
    ) {
      ref.current?.focus({ preventScroll: true });
    }
  }, [title]);
  return (
    <header>
      <div>
        <h1 tabIndex={-1} ref={ref}>
          {title}
        </h1>
        {hint !== undefined && <p class="soft">{hint}</p>}
      </div>
      {children}
    </header>
  );
}
