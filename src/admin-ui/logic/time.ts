/** Writes moments: how long ago in words, and exactly, local and UTC. All moments are Unix seconds. */
import { formatDuration } from "./number.ts";

/** Beyond this a date says more than a number of days. */
const DAYS_IN_WORDS = 60;
/** What `Date` can hold (ECMA-262 §21.4.1.1), in seconds. */
const MAX_SECONDS = 8_640_000_000_000;

export function isMoment(at: number): boolean {
  return Number.isFinite(at) && Math.abs(at) <= MAX_SECONDS;
}

/** "41 s ago", "in 3 h", "now"; a date where it is far away. */
export function formatRelative(at: number, now: number): string {
  const distance = Math.floor(now) - Math.floor(at);
  if (!isMoment(at) || !Number.isFinite(distance)) return "at no time";
  if (Math.abs(distance) > DAYS_IN_WORDS * 86_400) return formatDay(at);
  if (distance === 0) return "now";
  return distance > 0 ? `${formatDuration(distance)} ago` : `in ${formatDuration(-distance)}`;
}

/** "2026-11-23 15:15:12", in a zone: `undefined` is the browser's own. */
export function formatExact(at: number, timeZone?: string): string {
  if (!isMoment(at)) return "not a moment";
  const parts = new Intl.DateTimeFormat("en-GB", {
    ...(timeZone === undefined ? {} : { timeZone }),
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).formatToParts(at * 1000);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")} ${part("hour")}:${part("minute")}:${part("second")}`;
}

/** Both exact forms in one line, for a hint: local first. */
export function formatBoth(at: number): string {
  return `${formatExact(at)} local time, ${formatExact(at, "UTC")} UTC`;
}

/** The moment itself, local: today's by its time of day. */
export function formatMoment(at: number, now: number): string {
  return formatDay(at) === formatDay(now) ? formatClock(at) : formatExact(at);
}

/** Local and UTC as shortly as both can be told: "2026-11-28 07:41:44, 06:41:44 UTC". */
export function formatShortBoth(at: number): string {
  const local = formatExact(at);
  const utc = formatExact(at, "UTC");
  if (!isMoment(at)) return local;
  return `${local}, ${utc.slice(0, 10) === local.slice(0, 10) ? utc.slice(11) : utc} UTC`;
}

/** The time of day, local. */
export function formatClock(at: number): string {
  return formatExact(at).slice(11);
}

function formatDay(at: number): string {
  return formatExact(at).slice(0, 10);
}

/** For `<time datetime>`: ISO 8601, UTC; nothing for what is no moment. */
export function toIso(at: number): string | undefined {
  return isMoment(at) ? new Date(at * 1000).toISOString() : undefined;
}

/** Reads what `<input type=datetime-local step=1>` holds, in the browser's zone; undefined for no moment. */
export function parseInputMoment(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(text)) return undefined;
  const ms = new Date(text).getTime();
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1000);
}
