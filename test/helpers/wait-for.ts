/** Waiting for a condition, never for a time. */

/** A thing that may not be there yet. */
export type Maybe<T> = T | undefined | null | false;

/**
 * Polls `condition` until it answers something other than undefined, null and false, and returns that.
 *
 * @param what words for the error, as in "the server to be ready"
 * @throws Error naming `what` once `timeoutMs` have passed; an exception inside the condition counts as "not yet"
 *   and is the error's cause.
 */
export async function waitFor<T>(
  what: string,
  condition: () => Maybe<T> | Promise<Maybe<T>>,
  timeoutMs = 10_000,
): Promise<Awaited<T>> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    let cause: unknown;
    try {
      const answer = await condition();
      if (answer !== undefined && answer !== null && answer !== false) {
        return answer;
      }
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= end) {
      throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause });
    }
    await Bun.sleep(5);
  }
}

/** Fails with `what` when `promise` has not settled after `timeoutMs`; nothing is cancelled. */
export async function within<T>(what: string, promise: Promise<T>, timeoutMs = 10_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${timeoutMs} ms for ${what}`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
