/**
 * Names that JSC's Map and objects cannot tell apart without comparing them. They are hashed with rapidhash and
 * no key: between these two ends a name may hold what it likes, as they make one factor zero, and the product
 * the same.
 */
const BEFORE = "\u0093K\u00b8\u008b";
const AFTER = "\u00c9\u00ac.\u0096";
/** One bit less, and the factor is not zero. */
const BESIDE = "\u0093K\u00b8\u008a";

/** So many names of one hash. */
export function namesOfOneHash(count: number): readonly string[] {
  return makeNames(BEFORE, count);
}

/** The same number of the same length, of many hashes. */
export function namesOfManyHashes(count: number): readonly string[] {
  return makeNames(BESIDE, count);
}

function makeNames(before: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => before + n.toString(36).padStart(3, "0") + AFTER);
}

/** A JSON object with these members. */
export function objectTextOf(names: readonly string[]): string {
  return `{${names.map((name) => `"${name}":1`).join()}}`;
}

/** How many times what the second costs the first does; what else the machine does is waited out. */
export function leastRatio(chosen: () => number, usual: () => number): number {
  let ratio = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4; round += 1) {
    ratio = Math.min(ratio, chosen() / Math.max(usual(), 0.05));
  }
  return ratio;
}
