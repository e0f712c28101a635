/** Verdicts that a verifier remembers, told from those it has asked for: an edge with a cable counts its questions. */
import { type Answer, identityOf } from "./answer.ts";
import type { Edge } from "./edge.ts";
import { waitFor } from "./wait-for.ts";

/** An answer, and how many questions the token-server was asked meanwhile. */
export interface Counted {
  readonly answer: Answer;
  readonly questions: number;
}

/** Asks once. */
export async function askCounted(
  edge: Edge,
  token: string,
  lines: readonly string[] = [],
): Promise<Counted> {
  const before = countOf(edge);
  const answer = await edge.ask(token, lines);
  return { answer, questions: countOf(edge) - before };
}

/**
 * Asks until the verdict is remembered, which takes a lease, and a lease some moments. Each thread that has a cache of
 * its own remembers for itself: one thread, or one state for all.
 *
 * @returns the first answer that took no question
 * @throws Error when the token is not accepted all the while
 */
export async function remember(edge: Edge, token: string): Promise<Answer> {
  return waitFor("the verdict to be remembered", async () => {
    const { answer, questions } = await askCounted(edge, token);
    if (identityOf(answer).valid !== "1") throw new Error("the token is not accepted");
    return questions === 0 && answer;
  });
}

function countOf({ cable }: Edge): number {
  if (cable === undefined) throw new TypeError("the edge has no cable");
  return cable.questions();
}
