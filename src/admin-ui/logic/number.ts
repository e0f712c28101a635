/** Writes numbers the way the page shows them: thin spaces between thousands, always with a unit. */

/** U+202F: a thin space at which no line breaks. */
const THIN = "\u202f";

/** A whole number: 18 204. */
export function formatCount(value: number): string {
  const [, sign = "", digits = "0"] = /^(-?)(\d+)$/.exec(Math.round(value).toFixed(0)) ?? [];
  // Four digits read well without help.
  if (digits.length <= 4) return sign + digits;
  return sign + digits.replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** A count with its noun: "1 rule", "18 204 rules". */
export function formatCounted(value: number, one: string, many: string): string {
  return `${formatCount(value)}\u00a0${value === 1 ? one : many}`;
}

/** A rate per second, with no more digits than mean something. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 0.1) return "<\u00a00.1";
  return perSecond < 10 ? perSecond.toFixed(1) : formatCount(perSecond);
}

/** A share of a whole in percent; "0 %" and "100 %" only where it is exactly that. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0 || part === 0) return `0${THIN}%`;
  const percent = (part / whole) * 100;
  if (percent < 0.01) return `<${THIN}0.01${THIN}%`;
  if (part !== whole && percent > 99.99) return `>${THIN}99.99${THIN}%`;
  return `${percent < 10 ? percent.toFixed(2) : percent.toFixed(1)}${THIN}%`;
}

/** Milliseconds as a short duration: 9 ms, 1.2 s. */
export function formatMs(ms: number): string {
  if (ms < 1) return `<${THIN}1${THIN}ms`;
  if (ms < 1000) return `${Math.round(ms)}${THIN}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)}${THIN}s`;
  return formatDuration(ms / 1000);
}

const STEPS: readonly (readonly [limit: number, seconds: number, unit: string])[] = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86_400, 3600, "h"],
  [Number.POSITIVE_INFINITY, 86_400, "d"],
];

/** Seconds in the largest unit that fits: 41 s, 3 h, 12 d. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  for (const [limit, size, unit] of STEPS) {
    if (whole < limit) return `${formatCount(Math.floor(whole / size))}${THIN}${unit}`;
  }
  return "";
}
