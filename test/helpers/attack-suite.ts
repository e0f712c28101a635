/** Runs a table of tokens that must be refused, with the ones beside them that must not, past both ways of verifying. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Answer, identityOf } from "./answer.ts";
import { type Edge, type EdgeOptions, startEdge } from "./edge.ts";
import { expectNotAccepted, expectRefused, expectValid } from "./expect-verdict.ts";

/** A token. */
export interface Case {
  /** Completes "accepts …" or "refuses …". */
  readonly name: string;
  readonly token: string | Promise<string>;
}

/** What must come of a token that is refused; that it is, is no evidence of why. */
export type Refusal =
  | { readonly detail: string; readonly reason?: string }
  /** The bytes cannot stand in a header field: HAProxy may refuse the request itself. */
  | { readonly isUnsendable: true };

/** A token that must be refused, and for its own fault. */
export type Attack = Case & Refusal;

/** A class of attacks. */
export interface AttackSuite {
  readonly edge: EdgeOptions;
  readonly controls: readonly Case[];
  readonly attacks: readonly Attack[];
  /** Looked at when all is done: what must not have happened meanwhile. */
  readonly afterwards?: (edge: Edge) => void | Promise<void>;
}

/**
 * Declares the tests of a class: each token goes through an HAProxy that has the keys and through one that asks the
 * token-server for everything, and both must say the same.
 *
 * @throws TypeError where there are no controls: a suite that refuses everything passes nothing
 */
export function describeAttacks(subject: string, suite: AttackSuite): void {
  if (suite.controls.length === 0 || suite.attacks.length === 0) {
    throw new TypeError(`${subject}: has no controls, or no attacks`);
  }
  describe(subject, () => {
    const stack = new AsyncDisposableStack();
    const edges: Edge[] = [];
    beforeAll(async () => {
      const first = await startEdge(stack, suite.edge);
      edges.push(first, await first.beside({ ...suite.edge, verifiesInHaproxy: false }));
    });
    afterAll(() => stack.disposeAsync());

    const acceptsAll = async (row: Case) => {
      const token = await row.token;
      for (const edge of edges) expectValid(await edge.ask(token));
    };
    test.each([...suite.controls])("accepts $name", acceptsAll);
    test.each([...suite.attacks])("refuses $name", async (row) => {
      const token = await row.token;
      const answers = await Promise.all(edges.map((edge) => edge.ask(token)));
      for (const answer of answers) check(answer, row, token);
      if (!("isUnsendable" in row)) {
        const [first, ...others] = answers.map((answer) => identityOf(answer));
        for (const other of others) expect(other).toEqual(first ?? other);
      }
    });
    test("still accepts the good ones afterwards", async () => {
      for (const row of suite.controls) await acceptsAll(row);
      const [edge] = edges;
      if (edge !== undefined) await suite.afterwards?.(edge);
    });
  });
}

function check(answer: Answer, row: Attack, token: string): void {
  if ("isUnsendable" in row) expectNotAccepted(answer, token);
  else expectRefused(answer, row, token);
}
