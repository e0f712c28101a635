/** The last change made here, with its proof; it stays in sight until it is dismissed. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Api } from "../api/client.ts";
import { type ApiProblem, toProblem } from "../api/problem.ts";
import type { Written } from "../api/types.ts";

/** `written` is undefined while the answer is awaited. */
export interface Change {
  /** What it was, as a sentence's beginning: "user-4711 is revoked". */
  readonly what: string;
  /** For a rule that was written: the number that Undo lifts. */
  readonly canUndo: boolean;
  readonly written: Written | undefined;
  readonly problem: ApiProblem | undefined;
}

export interface Changes {
  readonly last: ReadonlySignal<Change | undefined>;
  /** Makes a change and shows its proof. @throws ApiProblem: nothing was changed, or nobody knows */
  make(what: string, canUndo: boolean, send: () => Promise<Written>): Promise<Written>;
  /** Lifts the rule of the last change. */
  undo(): Promise<void>;
  dismiss(): void;
}

/** Seconds to wait for every thread; then the answer says who is missing. */
export const WAIT = { wait: "applied", timeout: 10 } as const;

export function createChanges(api: Api): Changes {
  const last = signal<Change | undefined>(undefined);
  const make: Changes["make"] = async (what, canUndo, send) => {
    const former = last.value;
    last.value = { what, canUndo, written: undefined, problem: undefined };
    try {
      const written = await send();
      last.value = { what, canUndo, written, problem: undefined };
      return written;
    } catch (error) {
      last.value = former;
      throw error;
    }
  };
  return {
    last,
    make,
    async undo() {
      const change = last.value;
      const id = change?.written?.id;
      if (change === undefined || id === undefined) return;
      const body = { reason: "Undone right after it was written" };
      const send = () => api.call<Written>(`/rules/${id}`, { method: "DELETE", body, query: WAIT });
      try {
        await make(`Rule ${id} is lifted`, false, send);
      } catch (error) {
        last.value = { ...change, problem: toProblem(error) };
      }
    },
    dismiss() {
      last.value = undefined;
    },
  };
}
