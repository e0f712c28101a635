/** The clock and time-outs that all threads of a server share. */

/** A clock that never goes back and is the same in every thread, in milliseconds. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** How long a request's body may take to arrive. */
export const BODY_TIMEOUT_MS = 2000;
