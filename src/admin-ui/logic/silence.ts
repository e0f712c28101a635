/** Tells of threads that are not in step with the server what they do: ask before each answer, or go on alone. */
import type { Verifier, Verifiers } from "../api/types.ts";
import { formatCount, formatCounted, formatDuration } from "./number.ts";

/** A lease and what clocks round: who was not heard for so long holds none. */
const LEASE_MS = 5000;

function isSilent({ silentForMs }: Verifier): boolean {
  return silentForMs >= LEASE_MS;
}

/** Set to best effort, and cut off: for its `staleSeconds` it answers from what it knew before. */
export function goesOnAlone(one: Verifier): boolean {
  return one.isLive && one.staleSeconds > 0 && isSilent(one);
}

/** In step: it hears of changes, and follows them. */
export function isHeard(one: Verifier): boolean {
  return one.isLive && !goesOnAlone(one);
}

/** What is to be said of those that are not heard, the ones that go on alone first; "" of none. */
export function silenceWords({ items }: Verifiers): string {
  const alone = items.filter(goesOnAlone);
  const asking = items.filter(({ isLive }) => !isLive);
  return [
    ofThreads(alone, "goes on without the server", "go on without the server"),
    ofThreads(asking, "asks before each answer", "ask before each answer"),
  ]
    .filter((words) => words !== "")
    .join(" · ");
}

function ofThreads(threads: readonly Verifier[], does: string, doAll: string): string {
  const [first] = threads;
  if (first === undefined) return "";
  const areSilent = threads.every(isSilent);
  if (threads.length > 1) {
    const many = formatCounted(threads.length, "thread", "threads");
    return `${many} ${areSilent ? "silent" : "without a lease"}, ${doAll}`;
  }
  const how = areSilent
    ? `silent for ${formatDuration(first.silentForMs / 1000)}`
    : "without a lease";
  return `${first.name} ${how}, ${does}`;
}

/** Where a change will be enforced: "5 of 6 threads, 1 asks each time". */
export function toReach({ items }: Verifiers): string {
  const heard = items.filter(isHeard).length;
  const alone = items.filter(goesOnAlone).length;
  const asking = items.length - heard - alone;
  if (heard + alone === 0) return "each request, by asking";
  const threads = formatCounted(items.length, "thread", "threads");
  return [
    heard === items.length ? threads : `${formatCount(heard)} of ${threads}`,
    ...(asking > 0 ? [`${formatCount(asking)} ${asking === 1 ? "asks" : "ask"} each time`] : []),
    ...(alone > 0
      ? [`${formatCount(alone)} ${alone === 1 ? "goes" : "go"} on without the server`]
      : []),
  ].join(", ");
}
