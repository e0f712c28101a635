/** A moment in words, with the exact one, local and UTC, on hover and focus. */
import { formatBoth, formatRelative, toIso } from "../logic/time.ts";
import { useServices } from "../state/services.ts";

/** @param at Unix seconds */
export function Time({ at }: { readonly at: number }) {
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
      {formatRelative(at, now.value)}
      <span class="tip" aria-hidden="true">
        {formatBoth(at)}
      </span>
    </time>
  );
}

/** When a rule ends by itself; 0 is never. */
export function Ends({ at }: { readonly at: number }) {
  return at === 0 ? <span class="nowrap">never</span> : <Time at={at} />;
}
