/**
 * Looks whether the wall clock is being set, and sees to it that this revives nothing: what verifiers
 * remember was judged by a time that no longer holds, and so was how old the keys are.
 */
import { type Clocks, ClockSteps } from "../core/clock-steps.ts";
import type { RuleStore } from "../core/revocation/store.ts";
import type { Log } from "../log.ts";
import { createUntilNoted } from "./until-noted.ts";

const LOOK_EVERY_MS = 1000;

export interface ClockWatchParts extends Clocks {
  readonly rules: Pick<RuleStore, "noteKeysChanged">;
  /** Reads the keys again. */
  readonly syncKeys: () => Promise<void>;
  readonly log: Log;
}

export interface ClockWatch {
  /** Unix milliseconds for what cannot be undone. */
  readonly prudentNowMs: () => number;
  readonly stop: () => void;
}

export function startClockWatch(parts: ClockWatchParts): ClockWatch {
  const { rules, syncKeys, log } = parts;
  const steps = new ClockSteps(parts);
  let newest = "";
  const noting = createUntilNoted(
    () => rules.noteKeysChanged(newest),
    "a step of the clock was not noted",
    log,
  );
  const look = (): void => {
    const seconds = Math.round(steps.look());
    if (seconds === 0) return;
    log.warn("the clock was set", { seconds });
    // By the new time the keys may seem too old; their sources say whether they are.
    void syncKeys();
    newest = `the clock was set by ${seconds} s`;
    noting.note();
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    prudentNowMs: () => steps.prudentNowMs(),
    stop: () => {
      clearInterval(timer);
      noting.stop();
    },
  };
}
