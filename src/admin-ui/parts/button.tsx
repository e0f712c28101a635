/** Buttons. None submits by Enter unless it is told to: destructive ones are never the default. */
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.tsx";

export interface ButtonProps {
  /** `quiet-danger` leads to a question about what cannot be undone. */
  readonly kind?: "plain" | "main" | "danger" | "quiet" | "quiet-danger";
  readonly type?: "button" | "submit";
  readonly icon?: IconName;
  /** Greyed, but it can still be reached: then it says what is missing. */
  readonly isDisabled?: boolean;
  readonly isBusy?: boolean;
  readonly onClick?: () => void;
  readonly children: ComponentChildren;
}

export function Button({
  kind = "plain",
  type = "button",
  icon,
  isDisabled,
  isBusy,
  onClick,
  children,
}: ButtonProps) {
  return (
    <button
      type={type}
      class="button"
      data-kind={kind}
      aria-disabled={isDisabled === true || isBusy === true}
      aria-busy={isBusy === true}
      onClick={isBusy === true ? (event) => event.preventDefault() : onClick}
    >
      {isBusy === true ? (
        <Icon name="wait" class="spin" />
      ) : (
        icon !== undefined && <Icon name={icon} />
      )}
      <span>{children}</span>
    </button>
  );
}

/** A button that is only an icon; its label is for those who do not see it, and on hover. */
export function IconButton({
  icon,
  label,
  onClick,
}: {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: () => void;
}) {
  return (
    <button
      type="button"
      class="button icon-only"
      data-kind="quiet"
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
