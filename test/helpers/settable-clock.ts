/**
 * A wall clock that a test sets while programs run: `settable-clock.c` in front of the C library. Clocks that
 * only count on stay as they are, as they do on a machine whose time is set.
 */
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { compileShim } from "./shim.ts";

/** A settable clock for any number of programs. */
export interface SettableClock {
  /** For the environment of the programs that shall go by it. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets it to so many seconds ahead of the true time, at once and for all its programs. */
  readonly set: (offsetSeconds: number) => void;
  /** Unix seconds by it, with their fraction. */
  readonly now: () => number;
}

/** A clock that shows the true time until it is set; `folder` must outlive the programs. */
export function createSettableClock(folder: string, name: string): SettableClock {
  const library = compileShim(folder, "settable-clock");
  const path = join(folder, `clock-${name}`);
  const file = openSync(path, "w+", 0o644);
  let offset = 0;
  const set = (offsetSeconds: number) => {
    const nanoseconds = new BigInt64Array([BigInt(Math.round(offsetSeconds * 1000)) * 1_000_000n]);
    // In place: the programs hold this very file before their eyes.
    writeSync(file, nanoseconds, 0, 8, 0);
    offset = offsetSeconds;
  };
  set(0);
  return {
    env: { LD_PRELOAD: library, SETTABLE_CLOCK: path },
    set,
    now: () => Date.now() / 1000 + offset,
  };
}
