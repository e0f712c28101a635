/** What every thread of HAProxy says once its cache's time is over. */
import { identityOf } from "./answer.ts";
import type { Edge } from "./edge.ts";

/**
 * Asks about a token until `ttlMs` have passed, when no thread may use an older verdict any longer, and then from as
 * many connections as reach every thread.
 *
 * @returns the details of those last answers, "valid" where it was accepted: one entry, if all agree.
 */
export async function settledDetails(edge: Edge, token: string, ttlMs: number): Promise<string[]> {
  const end = performance.now() + ttlMs;
  // Asked all the while: a verdict's age counts from its judgement, not from its last use.
  while (performance.now() < end) await edge.ask(token);
  const answers = await Promise.all(Array.from({ length: 16 }, () => edge.ask(token)));
  return [...new Set(answers.map((answer) => identityOf(answer).detail ?? "valid"))];
}
