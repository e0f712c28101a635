/**
 * The clocks of the feed, in one place. A verifier may trust what it remembers for `leaseMs` from when
 * it *sent* the last answered poll; the server counts from when it *received* it, adds what clocks can
 * differ by, and only then takes a silent verifier for fenced. SECURITY.md holds the argument.
 */

/** How long a verifier's lease runs from when it sent the poll that renewed it. */
export const LEASE_MS = 4000;

/**
 * How long a poll is held: two polls must fit into a lease, of which rounding to whole seconds can take one.
 */
export const HOLD_MS = 1000;

/** A second, because a verifier without a better clock counts whole ones. */
const ROUNDING_MS = 1000;

/** Two machines' clocks run apart by far less than this. */
const DRIFT = 0.001;

/**
 * The moment, on the server's monotonic clock, from which a verifier surely trusts nothing it
 * remembers from before: its lease (and in best effort the time after it) has run out.
 */
export function fencedAtMs(receivedAtMs: number, leaseMs: number, staleSeconds: number): number {
  const trustMs = leaseMs + staleSeconds * 1000;
  return receivedAtMs + trustMs * (1 + DRIFT) + ROUNDING_MS;
}
