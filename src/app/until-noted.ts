/** Notes in the journal that must not be lost: where it cannot be written, again and again until it can. */
import { describeError, type Log } from "../log.ts";

/** Until it is noted, HAProxy goes by what it remembers: the next occasion may be far off. */
const RETRY_MS = 1000;

export interface UntilNoted {
  /** To be called whenever there may be something to note. */
  readonly note: () => void;
  readonly stop: () => void;
}

/**
 * Makes one kind of note.
 *
 * @param attempt notes what there is to note by then
 * @param complaint said in the log at the first of several failures
 */
export function createUntilNoted(
  attempt: () => Promise<unknown>,
  complaint: string,
  log: Pick<Log, "error">,
): UntilNoted {
  let retry: ReturnType<typeof setTimeout> | undefined;
  let isFailing = false;
  let isStopped = false;
  const failed = (error: unknown): void => {
    if (isStopped) return;
    if (!isFailing) log.error(complaint, describeError(error));
    isFailing = true;
    clearTimeout(retry);
    retry = setTimeout(note, RETRY_MS);
  };
  const note = (): void => {
    clearTimeout(retry);
    attempt().then(() => (isFailing = false), failed);
  };
  return {
    note,
    stop: () => {
      isStopped = true;
      clearTimeout(retry);
    },
  };
}
