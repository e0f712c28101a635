/** What a screen has to say out of turn: a failure with a way on, an emptiness with a reason. */
import type { ComponentChildren } from "preact";
import type { ApiProblem } from "../api/problem.ts";
import type { Tone } from "../logic/enforcement.ts";
import { Button } from "./button.tsx";
import { TONE_ICONS } from "./badge.tsx";
import { Icon } from "./icon.tsx";
import { Time } from "./time.tsx";

export function Notice({
  tone,
  role,
  children,
  action,
}: {
  readonly tone: Tone;
  /** `alert` interrupts, `status` waits its turn. */
  readonly role?: "alert" | "status";
  readonly children: ComponentChildren;
  readonly action?: ComponentChildren;
}) {
  return (
    <div class="notice" data-tone={tone} {...(role === undefined ? {} : { role })}>
      <Icon name={TONE_ICONS[tone]} />
      <div>{children}</div>
      {action}
    </div>
  );
}

/** A failed request: its title, what to do next, and a way to try again. */
export function ProblemNotice({
  problem,
  retry,
}: {
  readonly problem: ApiProblem;
  readonly retry?: () => void;
}) {
  const next = problem.detail ?? nextStep(problem);
  return (
    <Notice
      tone="bad"
      role="alert"
      action={retry === undefined ? undefined : <Button onClick={retry}>Try again</Button>}
    >
      <b>{problem.message}</b>
      {problem.expected !== undefined && <div>Expected: {problem.expected}</div>}
      {next !== undefined && <div>{next}</div>}
    </Notice>
  );
}

function nextStep({ status }: ApiProblem): string | undefined {
  if (status === 403) return "Ask an admin for the right to do this.";
  if (status === 404) return "It may have been removed meanwhile. Go back and look again.";
  if (status === 409) return "Somebody else was faster. Look again, then decide.";
  if (status === 504) return "It may have been done or not: look, before you try again.";
  if (status >= 500)
    return "Nothing was changed. Try again; if it stays, the server’s log says why.";
  return undefined;
}

/** Old data in place of new: says so, and how old it is. */
export function StaleNotice({
  problem,
  at,
  retry,
}: {
  readonly problem: ApiProblem;
  readonly at: number | undefined;
  readonly retry: () => void;
}) {
  return (
    <Notice tone="warn" role="alert" action={<Button onClick={retry}>Try again</Button>}>
      <b>{problem.message}.</b>{" "}
      {at !== undefined && (
        <>
          What you see was read <Time at={at} />.
        </>
      )}
    </Notice>
  );
}

export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <b>{title}</b>
      {children}
    </div>
  );
}

/** Keeps the place of lines that are on their way. */
export function Bones({
  lines = 5,
  isTall = false,
}: {
  readonly lines?: number;
  /** Where each is of two lines. */
  readonly isTall?: boolean;
}) {
  return (
    <div class={isTall ? "bones tall" : "bones"} role="status">
      <span class="hidden">Loading</span>
      {Array.from({ length: lines }, (_, index) => (
        <i key={index} />
      ))}
    </div>
  );
}
