/** A dialog that sends one change: says what is wrong at the field, keeps what was typed, closes when it is done. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { toFieldWords } from "../api/problem.ts";
import { useTask } from "../state/task.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { ProblemNotice } from "./notice.tsx";

/** Gives a field its problem: its own, once tried, or the server's at this path. */
export interface FieldProblems {
  at(index: number, path: string): string | undefined;
}

export interface ActionDialogProps<T> {
  readonly title: string;
  readonly text?: string;
  readonly action: string;
  readonly isDanger?: boolean;
  /** What is wrong with each field; undefined where nothing is. */
  readonly wrong: readonly (string | undefined)[];
  readonly send: () => Promise<T>;
  readonly onDone: (answer: T) => void;
  readonly onClose: () => void;
  readonly children?: (problems: FieldProblems) => ComponentChildren;
}

export function ActionDialog<T>(props: ActionDialogProps<T>) {
  const { title, text, action, wrong, children, onClose } = props;
  const [isTried, setTried] = useState(false);
  const task = useTask();
  const act = (event?: Event) => {
    event?.preventDefault();
    setTried(true);
    if (wrong.some((one) => one !== undefined)) return;
    task.run(async () => props.onDone(await props.send()));
  };
  const { problem, isBusy } = task;
  const paths: string[] = [];
  const problems: FieldProblems = {
    at: (index, path) => {
      paths.push(path);
      const served = problem?.path === path ? toFieldWords(problem) : undefined;
      return (isTried ? wrong[index] : undefined) ?? served;
    },
  };
  const fields = children?.(problems);
  const isAtField = problem?.path !== undefined && paths.includes(problem.path);
  return (
    <Dialog title={title} onClose={onClose}>
      {text !== undefined && <p>{text}</p>}
      <form onSubmit={props.isDanger === true ? (event) => event.preventDefault() : act}>
        {fields}
        {problem !== undefined && !isAtField && <ProblemNotice problem={problem} />}
        <div class="buttons">
          <Button onClick={onClose}>Cancel</Button>
          {props.isDanger === true ? (
            <Button kind="danger" isBusy={isBusy} onClick={act}>
              {action}
            </Button>
          ) : (
            <Button kind="main" type="submit" isBusy={isBusy}>
              {action}
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
