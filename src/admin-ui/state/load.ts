/** Loads what a screen shows; keeps the last data when a load fails, and says how old it is. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type ApiProblem, toProblem } from "../api/problem.ts";

export interface Loaded<T> {
  readonly data: T | undefined;
  /** Why the last load failed. */
  readonly problem: ApiProblem | undefined;
  readonly isLoading: boolean;
  /** Unix seconds of the data. */
  readonly at: number | undefined;
  readonly reload: () => void;
}

/** @param key what is asked for: another one asks again, and data of the former is kept until it comes */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "reload">>({
    data: undefined,
    problem: undefined,
    isLoading: true,
    at: undefined,
  });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const abort = new AbortController();
    setState((former) => ({ ...former, isLoading: true }));
    const ask = async () => {
      try {
        const data = await latest.current(abort.signal);
        if (abort.signal.aborted) return;
        setState({ data, problem: undefined, isLoading: false, at: Date.now() / 1000 });
      } catch (error) {
        if (abort.signal.aborted) return;
        setState((former) => ({ ...former, problem: toProblem(error), isLoading: false }));
      }
    };
    void ask();
    return () => abort.abort();
  }, [key, turn]);
  const reload = useCallback(() => setTurn((former) => former + 1), []);
  return { ...state, reload };
}
