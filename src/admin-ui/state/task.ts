/** One thing that a screen does at a time: whether it is at work, and why it failed. */
import { useRef, useState } from "preact/hooks";
import { type ApiProblem, toProblem } from "../api/problem.ts";

export interface Task {
  readonly isBusy: boolean;
  readonly problem: ApiProblem | undefined;
  /** Does it, unless it is being done; a failure becomes the problem. */
  readonly run: (work: () => Promise<void>) => void;
  /** Forgets the problem, as what was typed has changed. */
  readonly forget: () => void;
}

export function useTask(): Task {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiProblem>();
  const isRunning = useRef(false);
  const run = async (work: () => Promise<void>) => {
    // Two clicks arrive before the button is drawn anew.
    if (isRunning.current) return;
    isRunning.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(toProblem(error));
    } finally {
      isRunning.current = false;
      setBusy(false);
    }
  };
  return {
    isBusy,
    problem,
    run: (work) => void run(work),
    forget: () => setProblem(undefined),
  };
}
