/** Answers a change: at once when it is on disk, or when every verifier enforces it. */
import type { ConfirmedVerifier } from "../../core/feed/confirmation.ts";
import type { Place, Written } from "../../core/revocation/store.ts";
import { json } from "./json-answer.ts";
import type { AdminOptions } from "./options.ts";

/** What the query of a change says of waiting. */
export interface WaitWish {
  readonly wait?: "applied";
  /** Seconds. */
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT_SECONDS = 10;

/**
 * The answer to a change of one rule that is on disk.
 *
 * @param status 201 for what was made, 200 for what was changed
 * @param more members that tell what was done
 */
export async function answerChange(
  written: Written,
  wish: WaitWish,
  options: Confirming,
  status: 200 | 201,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Response> {
  const { id, seq, replayed } = written;
  const enforced = await waitAsWished(written, wish, options);
  const again = replayed ? { replayed } : {};
  return json({ id, seq, ...again, ...enforced, ...more }, { status });
}

/**
 * With `wait=applied`, waits until nobody accepts a matching token any more, or the time is up; where
 * no server runs nothing is ever confirmed. Without, there is nothing to say.
 */
export async function waitAsWished({ seq, epoch }: Place, wish: WaitWish, options: Confirming) {
  if (wish.wait === undefined) return {};
  const { confirmation, stopping } = options;
  const timeoutMs = (wish.timeout ?? DEFAULT_TIMEOUT_SECONDS) * 1000;
  const outcome =
    confirmation && (await untilStopped(confirmation.waitApplied(seq, timeoutMs, epoch), stopping));
  if (outcome === undefined) return { applied: false, verifiers: [], pending: [] };
  const { applied, verifiers, nodes, ms } = outcome;
  return {
    applied,
    verifiers,
    ...(applied ? {} : { pending: verifiers.filter(isOpen) }),
    ...(nodes === undefined ? {} : { nodes }),
    ...(ms === undefined ? {} : { ms: Math.ceil(ms) }),
  };
}

type Confirming = Pick<AdminOptions, "confirmation" | "stopping">;

function isOpen({ state }: ConfirmedVerifier): boolean {
  return state === "pending" || state === "unconfirmed";
}

/** What the promise says, or undefined once the signal is aborted: a server that stops confirms nothing. */
async function untilStopped<T>(work: Promise<T>, stopping: AbortSignal): Promise<T | undefined> {
  const stopped = Promise.withResolvers<undefined>();
  const stop = () => stopped.resolve(undefined);
  stopping.addEventListener("abort", stop);
  if (stopping.aborted) stop();
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    stopping.removeEventListener("abort", stop);
  }
}
