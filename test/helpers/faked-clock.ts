/**
 * A wall clock that a test sets while programs run: Debian's libfaketime in front of the C library. Clocks
 * that only count on stay as they are, as they do on a machine whose time is set.
 */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The dynamic linker puts the machine's library folder in the place of `$LIB`. */
const LIBRARY = "/usr/$LIB/faketime/libfaketimeMT.so.1";

/** A settable clock for any number of programs. */
export interface FakedClock {
  /** For the environment of the programs that shall go by it. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets it to so many seconds ahead of the true time, at once and for all its programs. */
  readonly set: (offsetSeconds: number) => void;
  /** Unix seconds by it, with their fraction. */
  readonly now: () => number;
}

/** A clock that shows the true time until it is set. */
export function createFakedClock(folder: string, name: string): FakedClock {
  const path = join(folder, `clock-${name}`);
  let offset = 0;
  const set = (offsetSeconds: number) => {
    // Whole or not at all: it is read at every look at the clock.
    writeFileSync(`${path}.new`, `${offsetSeconds < 0 ? "" : "+"}${offsetSeconds}\n`);
    renameSync(`${path}.new`, path);
    offset = offsetSeconds;
  };
  set(0);
  return {
    env: {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: path,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
    set,
    now: () => Date.now() / 1000 + offset,
  };
}
