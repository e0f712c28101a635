/** A state in a word, with an icon beside the colour. */
import type { Tone } from "../logic/enforcement.ts";
import { Icon, type IconName } from "./icon.tsx";

export const TONE_ICONS: Readonly<Record<Tone, IconName>> = {
  good: "check",
  warn: "warn",
  bad: "stop",
  plain: "info",
};

export function Badge({
  tone,
  icon,
  children,
}: {
  readonly tone: Tone;
  readonly icon?: IconName;
  readonly children: string;
}) {
  return (
    <span class="badge" data-tone={tone}>
      <Icon name={icon ?? TONE_ICONS[tone]} />
      {children}
    </span>
  );
}

/** The state of a rule. */
export function RuleStateBadge({
  state,
}: {
  readonly state: "active" | "expired" | "lifted" | "unreadable";
}) {
  if (state === "active") return <Badge tone="good">active</Badge>;
  if (state === "unreadable") return <Badge tone="bad">unreadable</Badge>;
  return (
    <Badge tone="plain" icon="off">
      {state}
    </Badge>
  );
}
