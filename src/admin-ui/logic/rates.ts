/** Turns counts of verdicts per minute into the figures and lines of the overview. */
import type { Minute } from "../api/types.ts";

/** Verdicts of one minute, per second. */
export interface Rate {
  readonly at: number;
  readonly valid: number;
  readonly refused: number;
  /** Answered from HAProxy's memory, whatever the verdict. */
  readonly remembered: number;
}

const MINUTES = 60;

/** The last hour minute by minute, quiet ones as zero; the present minute is left out while it grows. */
export function toRates(minutes: readonly Minute[], now: number): readonly Rate[] {
  const byStart = new Map(minutes.map((minute) => [minute.start, minute]));
  const present = Math.floor(now / 60) * 60;
  return Array.from({ length: MINUTES }, (_, index) => {
    const at = present - (MINUTES - index) * 60;
    const { valid, refused, remembered } = sumOf(byStart.get(at));
    return { at, valid: valid / 60, refused: refused / 60, remembered: remembered / 60 };
  });
}

/** What was refused in the last whole minutes and why, most frequent first. */
export function toRefusals(
  minutes: readonly Minute[],
): readonly (readonly [reason: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const minute of minutes) {
    for (const [reason, count] of Object.entries(minute.counts)) {
      if (reason !== "ok") counts.set(reason, (counts.get(reason) ?? 0) + count);
    }
  }
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

/** The verdicts of the hour. */
export function toTotals(minutes: readonly Minute[]): Omit<Rate, "at"> {
  let valid = 0;
  let refused = 0;
  let remembered = 0;
  for (const minute of minutes) {
    const sum = sumOf(minute);
    valid += sum.valid;
    refused += sum.refused;
    remembered += sum.remembered;
  }
  return { valid, refused, remembered };
}

/** Points of a line in a box, joined for an SVG path; `top` is the value at its upper edge. */
export function toPath(
  values: readonly number[],
  top: number,
  width: number,
  height: number,
): string {
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  return values
    .map((value, index) => {
      const y = height - (top === 0 ? 0 : (value / top) * height);
      return `${index === 0 ? "M" : "L"}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    })
    .join("");
}

/** A round number at or above the largest value: 1, 2 or 5 times a power of ten. */
export function toTop(largest: number): number {
  if (largest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(largest));
  return [1, 2, 5, 10].map((factor) => factor * power).find((top) => top >= largest) ?? 10 * power;
}

function sumOf(minute: Minute | undefined): Omit<Rate, "at"> {
  let valid = 0;
  let refused = 0;
  for (const [reason, count] of Object.entries(minute?.counts ?? {})) {
    if (reason === "ok") valid += count;
    else refused += count;
  }
  return { valid, refused, remembered: minute?.remembered ?? 0 };
}
