/** A moment in words, with the exact one, local and UTC, on hover and focus. */
import { formatBoth, formatExact, formatMoment, formatRelative, toIso } from "../logic/time.ts";
import { useServices } from "../state/services.ts";

export interface TimeProps {
  /** Unix seconds. */
  readonly at: number;
  /** Where a sentence is about the moment itself, not about how long ago it was. */
  readonly isMoment?: boolean;
  /** In place of how long ago it was. */
  readonly words?: string;
}

export function Time({ at, isMoment = false, words }: TimeProps) {
  const { now } = useServices();
  const iso = toIso(at);
  return (
    <time
      class="when"
      {...(iso === undefined ? {} : { dateTime: iso })}
      title={formatBoth(at)}
      // Hints on hover are for mice only: focus and touch show it too.
      tabIndex={0}
    >
      {words ?? (isMoment ? formatMoment(at, now.value) : formatRelative(at, now.value))}
      <span class="tip" aria-hidden="true">
        <span class="nowrap">{formatExact(at)} local time</span>{" "}
        <span class="nowrap">{formatExact(at, "UTC")} UTC</span>
      </span>
    </time>
  );
}

/** When a rule ends by itself; 0 is never. */
export function Ends({ at }: { readonly at: number }) {
  return at === 0 ? <span class="nowrap">until lifted</span> : <Time at={at} />;
}
