/** Takes people to what they have to mend. */

/** Puts the focus where something is wrong. */
export function focusWrong(inside: HTMLElement | null): void {
  const scope = inside?.parentElement ?? inside;
  const field = scope?.querySelector("[aria-invalid=true]");
  if (field instanceof HTMLElement) field.focus();
}
